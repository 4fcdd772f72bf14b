"""Does what came with the data stand in a card's detail as text, whatever is in it?"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from service.cds_hooks.markdown import literal
from service.fhir.writing.elements import clean
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.gfm import RENDERED, require_plain
from tests.cds_hooks.hooks import Answer, body, examples, person, prefetch_of, site, thoughts

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden",
    "[click](https://evil.example)",
    "![pixel](https://evil.example/p.png)",
    "[ref]: https://evil.example",
    "**bold** __bold__ *em* _em_ ~~gone~~",
    "`code` ``` fence",
    "a | b | c",
    "@clinicians call me@evil.example",
    "https://evil.example/x http://evil.example ftp://evil.example www.evil.example WWW.evil.example",
    "<https://evil.example>",
    "&lt;b&gt; &#60;b&#62; &amp;",
    "\\<b\\> \\[x\\](y)",
    "one\n\n# two\n- three\n---\n    four\r\n| five |",
    "javascript:alert(1)",
    "\u202eright to left\u202c \u0007 \u200b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_shown_literally(text: str) -> None:
    shown = require_plain(f"It says {literal(text)}.")
    assert shown.replace("\u2060", "") == f"It says {' '.join(clean(text).split())}."


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_stays_in_its_cell(text: str) -> None:
    table = f"| A | B |\n| --- | --- |\n| {literal(text)} | end |"
    tokens = RENDERED.parse(table)
    cells = [token for token in tokens if token.type == "td_open"]
    assert len(cells) == 2
    require_plain(table)


def _spoiled(value: Any, text: str) -> Any:
    """The same with every text that people read made hostile."""
    if isinstance(value, list):
        return [_spoiled(one, text) for one in value]
    if not isinstance(value, dict):
        return value
    spoiled = {name: _spoiled(one, text) for name, one in value.items()}
    if "coding" in value:
        spoiled["text"] = text
    for name in ("display", "title", "linkId" if "answer" in value and "text" in value else "display"):
        if isinstance(value.get(name), str) and name != "linkId":
            spoiled[name] = text
    return spoiled


def answer_of(name: str, text: str) -> Answer:
    example = examples()[name]
    resources: list[Json] = _spoiled(copy.deepcopy(example.resources), text)
    request = {**example.body, "prefetch": prefetch_of(resources, example.patient)}
    return site().answer(request, example.now)


SHOWING = [
    "relapse-with-worse-mood",
    "steroid-course-with-insomnia",
    "new-psychosis-with-seizure",
    "worse-after-change-to-natalizumab",
    "nursing-home-interview-with-thoughts-of-death",
    "suicide-attempt-two-months-ago",
]


@pytest.mark.parametrize("name", SHOWING)
def test_hostile_words_in_the_data_stay_words(name: str) -> None:
    shown = 0
    # Three at a time, which is quicker.
    for text in (" ; ".join(HOSTILE[at : at + 3]) for at in range(0, len(HOSTILE), 3)):
        for card in answer_of(name, text).cards:
            seen = require_plain(card["detail"])
            shown += " ".join(clean(text).split())[:20] in seen
            assert "evil" not in card["summary"]
            assert "<" not in card["summary"]
    # So that the test is about something.
    assert shown


def test_a_reason_of_a_server_s_or_client_s_is_no_markup() -> None:
    refused = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": HOSTILE[0]}]}
    prefetch = prefetch_of([person(), thoughts()]) | {"conditions": refused}
    answer = site().answer(body(prefetch))
    assert answer.names == ["suicidality-recorded", "missing"]
    for card in answer.cards:
        require_plain(card["detail"])
        assert "script" not in card["detail"]
