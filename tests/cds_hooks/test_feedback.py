"""Is feedback taken as the specification and clients spell it, counted once, and is nothing kept but codes?"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from service.cds_hooks import feedback as module
from service.cds_hooks.feedback import Feedback
from service.cds_hooks.reports import MOST_ITEMS
from service.cds_hooks.uuids import card_uuid
from service.domain.ruleset import RuleSet
from service.errors import BodyTooLarge, BodyUnreadable, Overloaded
from service.rules import RULES
from service.store import FeedbackCount, Store
from service.telemetry import Metrics, configure_logging
from service.terminology.override_reasons import OVERRIDE_REASONS
from service.terminology.systems import OVERRIDE_REASON
from tests.architecture.tree import ROOT

pytestmark = pytest.mark.anyio
KEY = b"k" * 32
MARK = "ZQXMARKED"
RULE_SET = RuleSet(RULES)
RULE = RULES[2]
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CARD = card_uuid(KEY, RULE, RULE_SET, INSTANCE, "flag", 0)
OTHER_CARD = card_uuid(KEY, RULES[3], RULE_SET, INSTANCE, "another", 0)
SUGGESTION = card_uuid(KEY, RULE, RULE_SET, INSTANCE, "flag", 1)
AT = "2026-03-04T12:00:00.000Z"
ACCEPTED: dict[str, Any] = {
    "card": CARD,
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": SUGGESTION}],
    "outcomeTimestamp": AT,
}
IGNORED: dict[str, Any] = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": AT}
CODING = {"code": "not-now", "system": OVERRIDE_REASON}
OVERRIDDEN = IGNORED | {"overrideReason": {"reason": CODING, "userComment": f"{MARK} says no"}}


def body(*items: Any) -> bytes:
    return json.dumps({"feedback": list(items)}).encode()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store" / "store.db"


@pytest.fixture
async def store(file: Path, anyio_backend: str) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{file}", b"key")
    yield opened
    await opened.close()


class Taking:
    """Feedback with its numbers in sight."""

    def __init__(self, store: Store | None) -> None:
        self.metrics = Metrics()
        self.store = store
        self.feedback = Feedback(KEY, RULE_SET, store, self.metrics)

    async def take(self, *items: Any) -> None:
        await self.feedback.take(body(*items))

    @property
    def counted(self) -> dict[tuple[str, str], int]:
        """How many cards were counted, by rule and outcome."""
        return counted(self.metrics.text().decode())

    async def kept(self) -> list[FeedbackCount]:
        assert self.store is not None
        return await self.store.feedback_counts()

    async def reason(self) -> str:
        (count,) = await self.kept()
        return count.reason


def counted(text: str) -> dict[tuple[str, str], int]:
    families = text_string_to_metric_families(text)
    (samples,) = [family.samples for family in families if family.name == "moodmarker_card_feedback"]
    for sample in samples:
        versions = [rule.version for rule in RULES if rule.name == sample.labels["rule"]]
        assert [sample.labels["version"]] == (versions or [""])
    return {(one.labels["rule"], one.labels["outcome"]): int(one.value) for one in samples}


@pytest.fixture
def taking(store: Store) -> Taking:
    return Taking(store)


@pytest.fixture(params=["with a store", "without"])
def either(request: pytest.FixtureRequest) -> Taking:
    return Taking(request.getfixturevalue("store") if request.param == "with a store" else None)


@pytest.mark.parametrize(
    ("item", "outcome"), [(ACCEPTED, "accepted"), (OVERRIDDEN, "overridden"), (IGNORED, "overridden")]
)
async def test_the_forms_of_the_specification_are_counted(either: Taking, item: dict[str, Any], outcome: str) -> None:
    await either.take(item)
    assert either.counted == {(RULE.name, outcome): 1}


async def test_what_is_kept_is_rule_version_outcome_and_reason(taking: Taking) -> None:
    await taking.take(OVERRIDDEN, ACCEPTED | {"card": OTHER_CARD})
    assert sorted(await taking.kept()) == sorted(
        [
            FeedbackCount(RULE.name, RULE.version, "overridden", "not-now", 1),
            FeedbackCount(RULES[3].name, RULES[3].version, "accepted", "", 1),
        ]
    )


@pytest.mark.parametrize("reason", OVERRIDE_REASONS, ids=lambda reason: reason.code)
async def test_each_reason_that_is_offered_is_kept_with_or_without_its_display(taking: Taking, reason: Any) -> None:
    whole = reason.coding
    for coding in (whole, {name: whole[name] for name in ("system", "code")}):
        await taking.take(IGNORED | {"overrideReason": {"reason": coding}})
        assert await taking.reason() == reason.code


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ({"reason": CODING}, "not-now"),
        ({"reason": {"code": "not-now"}}, "not-now"),
        ({"reason": [{"code": "own", "system": "urn:ehr"}, CODING]}, "not-now"),
        ([{"reason": CODING}], "not-now"),
        (CODING, "not-now"),
        ({"reason": CODING | {"system": "urn:ehr"}}, "other"),
        ({"reason": CODING | {"code": "no-such"}}, "other"),
        ({"reason": {"code": f"{MARK}", "system": "urn:ehr", "display": MARK}}, "other"),
        ({"userComment": MARK}, ""),
        ({"reason": None}, ""),
        ({"reason": {"display": MARK}}, ""),
        ({}, ""),
        (None, ""),
    ],
)
@pytest.mark.parametrize("name", ["overrideReason", "overrideReasons"])
async def test_only_our_own_reasons_are_kept(taking: Taking, name: str, override: Any, reason: str) -> None:
    await taking.take(IGNORED | {name: override})
    assert await taking.reason() == reason


async def test_a_reason_beside_an_accepted_card_is_none(taking: Taking) -> None:
    await taking.take(OVERRIDDEN | {"outcome": "accepted"})
    assert await taking.reason() == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "Accepted"},
        {"card": CARD.upper()},
        {"card": f"urn:uuid:{CARD}"},
        {"acceptedSuggestions": None},
        {"outcomeTimestamp": "2026-03-04T12:00:00+00:00"},
        {"outcomeTimestamp": "2026-03-04T12:00:00"},
        {"outcomeTimestamp": None},
        {"outcomeTimestamp": None, "outcomeTimeStamp": AT},
        {"extension": {"com.example.note": MARK}, "unheardOf": [{"deep": MARK}]},
    ],
    ids=str,
)
async def test_other_spellings_are_the_same(either: Taking, changed: dict[str, Any]) -> None:
    await either.take(ACCEPTED | changed)
    await either.take(ACCEPTED)
    assert either.counted == {(RULE.name, "accepted"): 1}


async def test_a_batch_is_taken_whole_and_a_repetition_counts_nothing(either: Taking) -> None:
    cards = [card_uuid(KEY, RULE, RULE_SET, INSTANCE, f"flag {number}", 0) for number in range(40)]
    batch = [ACCEPTED | {"card": card} for card in cards]
    for _ in range(3):
        await either.take(*batch, *batch)
    assert either.counted == {(RULE.name, "accepted"): 40}


async def test_an_empty_batch_is_none(either: Taking) -> None:
    await either.take()
    assert either.counted == {}


def at(minute: int, outcome: str) -> dict[str, Any]:
    return {"card": CARD, "outcome": outcome, "outcomeTimestamp": f"2026-03-04T12:{minute:02}:00Z"}


async def test_a_later_decision_takes_the_place_of_an_earlier_one(either: Taking) -> None:
    await either.take(at(0, "overridden"))
    await either.take(at(1, "accepted"))
    expected = {(RULE.name, "overridden"): 1, (RULE.name, "accepted"): 1, (RULE.name, "superseded"): 1}
    assert either.counted == expected
    await either.take(at(2, "accepted"))
    assert either.counted == expected


async def test_what_comes_late_changes_nothing(either: Taking) -> None:
    await either.take(at(1, "accepted"))
    await either.take(at(0, "overridden"))
    assert either.counted == {(RULE.name, "accepted"): 1}


async def test_a_time_to_come_does_not_close_a_card(either: Taking) -> None:
    await either.take(ACCEPTED | {"outcomeTimestamp": "2999-01-01T00:00:00Z"})
    await either.take({"card": CARD, "outcome": "overridden"})
    assert either.counted[RULE.name, "superseded"] == 1


async def test_cards_that_are_not_ours_are_counted_and_not_refused(either: Taking) -> None:
    others = [
        "4e0a3a1e-3283-4575-ab82-028d55fe2719",
        "no uuid",
        SUGGESTION,
        card_uuid(b"x", RULE, RULE_SET, "a", "b", 0),
    ]
    await either.take(*(ACCEPTED | {"card": card} for card in others), ACCEPTED)
    assert either.counted == {("", "unknown"): 4, (RULE.name, "accepted"): 1}


async def test_a_card_of_no_rule_is_counted_without_one(taking: Taking) -> None:
    await taking.take(ACCEPTED | {"card": card_uuid(KEY, None, RULE_SET, INSTANCE, "missing", 0)})
    assert taking.counted == {("", "accepted"): 1}
    assert await taking.kept() == [FeedbackCount("", "", "accepted", "", 1)]


@pytest.mark.parametrize(
    ("item", "path", "text"),
    [
        ({"outcome": "accepted"}, "feedback[1].card", "Send the uuid"),
        (ACCEPTED | {"card": ""}, "feedback[1].card", "Send the uuid"),
        (ACCEPTED | {"card": 7}, "feedback[1].card", "expected str, got int"),
        (ACCEPTED | {"outcome": None}, "feedback[1].outcome", "The outcome is accepted or overridden."),
        (ACCEPTED | {"outcome": MARK}, "feedback[1].outcome", "The outcome is accepted or overridden."),
        (ACCEPTED | {"outcomeTimestamp": MARK}, "feedback[1].outcomeTimestamp", "Write the time as in"),
        (ACCEPTED | {"outcomeTimestamp": 1_700_000_000}, "feedback[1].outcomeTimestamp", "expected str, got int"),
        (ACCEPTED | {"acceptedSuggestions": [MARK]}, "feedback[1].acceptedSuggestions[0]", "expected object, got str"),
        (ACCEPTED | {"acceptedSuggestions": [{"id": 7}]}, "feedback[1].acceptedSuggestions[0].id", "got int"),
        (OVERRIDDEN | {"overrideReason": MARK}, "feedback[1].overrideReason", "got str"),
        (
            OVERRIDDEN | {"overrideReason": {"reason": {"code": [MARK]}}},
            "feedback[1].overrideReason.reason.code",
            "type",
        ),
        (MARK, "feedback[1]", "expected object, got str"),
        (None, "feedback[1]", "expected object, got null"),
    ],
)
async def test_a_bad_item_is_named_and_those_beside_it_count(either: Taking, item: Any, path: str, text: str) -> None:
    with pytest.raises(BodyUnreadable) as refused:
        await either.take(ACCEPTED, item, ACCEPTED | {"card": OTHER_CARD})
    assert refused.value.expression == path
    assert text in refused.value.text
    assert refused.value.text.endswith("The other items (2) were taken.")
    assert MARK not in str(refused.value)
    assert either.counted == {(RULE.name, "accepted"): 1, (RULES[3].name, "accepted"): 1}


async def test_an_item_that_is_no_text_spoils_no_other(either: Taking) -> None:
    sent = body(ACCEPTED | {"card": "?"}, ACCEPTED).replace(b'"?"', b'"\xff"')
    with pytest.raises(BodyUnreadable, match="not JSON in UTF-8") as refused:
        await either.feedback.take(sent)
    assert refused.value.expression == "feedback[0]"
    assert either.counted == {(RULE.name, "accepted"): 1}


async def test_of_several_bad_items_the_first_is_named_and_the_others_are_counted(either: Taking) -> None:
    with pytest.raises(BodyUnreadable, match="2 more cannot be read") as refused:
        await either.take({}, {}, ACCEPTED, {})
    assert refused.value.expression == "feedback[0].card"


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{", ""),
        (b'"' + MARK.encode() + b'"', ""),
        (b"{}", "feedback"),
        (b'{"feedback": null}', "feedback"),
        (b'{"feedback": {"card": "x"}}', "feedback"),
        (b'{"feedback": [' + b"[" * 100_000, ""),
        (b'{"feedback": [{"unread": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}", ""),
    ],
    ids=range(9),
)
async def test_what_is_no_feedback_is_refused(either: Taking, sent: bytes, path: str) -> None:
    with pytest.raises(BodyUnreadable) as refused:
        await either.feedback.take(sent)
    assert refused.value.expression == path
    assert MARK not in refused.value.text
    assert either.counted == {}


async def test_a_body_may_begin_with_a_byte_order_mark(either: Taking) -> None:
    await either.feedback.take(b"\xef\xbb\xbf" + body(ACCEPTED))
    assert either.counted == {(RULE.name, "accepted"): 1}


async def test_too_many_items_are_refused_before_any_is_taken(either: Taking) -> None:
    with pytest.raises(BodyTooLarge, match="several requests"):
        await either.take(*[ACCEPTED] * (MOST_ITEMS + 1))
    assert either.counted == {}
    await either.take(*[ACCEPTED] * MOST_ITEMS)
    assert either.counted == {(RULE.name, "accepted"): 1}


async def test_a_store_that_does_not_answer_has_it_sent_again_and_counts_nothing(taking: Taking, store: Store) -> None:
    await store.close()
    with pytest.raises(Overloaded, match="send it again"):
        await taking.take(ACCEPTED, ACCEPTED | {"card": "unknown"})
    assert taking.counted == {}


async def test_without_a_store_only_so_many_cards_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 1)
    taking = Taking(None)
    for card in (CARD, OTHER_CARD, OTHER_CARD, CARD):
        await taking.take(ACCEPTED | {"card": card})
    assert taking.counted == {(RULE.name, "accepted"): 2, (RULES[3].name, "accepted"): 1}


async def test_without_a_store_the_log_says_once_what_that_means(store: Store) -> None:
    for kept, times in ((None, 1), (store, 0)):
        taking = Taking(kept)
        with capture_logs() as logged:
            await taking.take(ACCEPTED)
            await taking.take(ACCEPTED)
        assert ["MOODMARKER_SERVICE_KEY" in line["remedy"] for line in logged] == [True] * times


async def test_a_store_may_be_opened_later(store: Store) -> None:
    taking = Taking(None)
    taking.feedback.store = store
    await taking.take(ACCEPTED)
    assert len(await store.feedback_counts()) == 1


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.BytesIO]:
    """What is logged, at the level that logs most."""
    errors = io.TextIOWrapper(io.BytesIO())
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", errors)
        configure_logging("debug")
    assert isinstance(errors.buffer, io.BytesIO)
    yield errors.buffer
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


async def test_what_a_clinician_wrote_is_nowhere(taking: Taking, store: Store, file: Path, log: io.BytesIO) -> None:
    comment = {"userComment": f"{MARK} comment", "extension": {"com.example": f"{MARK} extension"}}
    foreign = {"reason": {"code": f"{MARK}-code", "system": f"urn:{MARK}", "display": f"{MARK} display"}, **comment}
    items = [
        OVERRIDDEN,
        IGNORED | {"card": OTHER_CARD, "overrideReason": foreign, "userComment": MARK},
        ACCEPTED | {"card": f"{MARK}-card"},
        ACCEPTED | {"acceptedSuggestions": [{"id": f"{MARK}-suggestion"}], "comment": f"{MARK}"},
    ]
    with pytest.raises(BodyUnreadable) as refused:
        await taking.take(*items, {"card": MARK, "outcome": MARK, "overrideReason": foreign})
    in_files = {path.name: path.read_bytes() for path in file.parent.iterdir()}
    assert b"not-now" in b"".join(in_files.values())
    assert {"store.db", "store.db-wal"} <= set(in_files)
    structlog.get_logger().info("the log is looked at")
    shown = b"".join([*in_files.values(), log.getvalue(), taking.metrics.text(), str(refused.value).encode()])
    await store.close()
    shown += file.read_bytes()
    assert b"the log is looked at" in shown
    assert b"other" in shown
    for word in (MARK, CARD, OTHER_CARD, CARD.replace("-", ""), INSTANCE):
        assert word.encode() not in shown
        assert word.encode("utf-16-le") not in shown


def test_two_processes_on_one_file_count_each_card_once(file: Path) -> None:
    cards = [card_uuid(KEY, RULE, RULE_SET, INSTANCE, f"flag {number}", 0) for number in range(60)]
    (file.parent / "body").write_bytes(body(*(ACCEPTED | {"card": card} for card in cards)))
    environment = {"STORE": f"sqlite:///{file}", "BODY": str(file.parent / "body"), "KEY": KEY.decode()}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.cds_hooks.process"],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum(counted(text).get((RULE.name, "accepted"), 0) for text in told) == 60
    assert all(set(counted(text)) <= {(RULE.name, "accepted")} for text in told)


async def test_times_are_compared_whatever_their_zone(either: Taking) -> None:
    await either.take(ACCEPTED | {"outcomeTimestamp": "2026-03-04T14:00:00.25+02:00"})
    await either.take(IGNORED | {"outcomeTimestamp": "2026-03-04T12:00:00.125Z"})
    assert either.counted == {(RULE.name, "accepted"): 1}
    await either.take(IGNORED | {"outcomeTimestamp": "2026-03-04T12:00:00.375Z"})
    assert either.counted[RULE.name, "superseded"] == 1
