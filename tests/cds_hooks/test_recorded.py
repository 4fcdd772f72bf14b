"""Does the record of a hook say what was told, and what was evaluated?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest

from service.assessment.recording import HOOK, Recording
from service.cds_hooks import answering, ranking
from service.cds_hooks.told import Told
from service.security.cds_clients import Caller
from service.settings import CdsClient
from service.store.ledger_chain import Entry
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.ehr import Ehr, running
from tests.cds_hooks.hooks import (
    NOW,
    Answer,
    Site,
    body,
    call,
    examples,
    low_mood,
    observation,
    person,
    prefetch_of,
    site,
    thoughts,
)
from tests.cds_hooks.test_named_patients import TOLD
from tests.store.ledgers import KEYS, KeptEntries, recorder

TRUSTED = httpx.create_ssl_context(trust_env=False)
LOW_MOOD, SUICIDALITY = "depression-with-low-grade-inflammation", "suicidality-recorded"


def recorded(answer: Answer) -> Entry:
    """The row of an answer."""
    kept = KeptEntries()
    asyncio.run(Recording.begun(recorder(kept), HOOK, "ehr").of(answer.told.decided))
    (entry,) = kept.entries
    return entry


def told(answer: Answer) -> list[tuple[str, str, str]]:
    """Rule, state and how it was told, as the row has it, in the order of the assessment."""
    decided = answer.told.decided
    assert decided is not None
    row = json.loads(recorded(answer).flags)
    found = []
    for flag in decided.assessment.flags:
        one = row[KEYS.pseudonym("flag", flag.identifier)].pop(0)
        found.append((flag.rule.name, one["state"], one["told"]))
    assert not any(row.values())
    return found


def on_record(answer: Answer) -> list[Json]:
    """The Flags that the cards offer, as a record would hold them."""
    offered = [one["resource"] for card in range(len(answer.cards)) for one in answer.actions(card, 0)]
    flags = {one["identifier"][0]["value"]: one for one in offered if one["resourceType"] == "Flag"}
    return [flag | {"id": f"flag-{number}"} for number, flag in enumerate(flags.values())]


def test_what_has_a_card_is_recorded_as_shown() -> None:
    assert told(call(thoughts(), *low_mood())) == [(SUICIDALITY, "active", "card"), (LOW_MOOD, "active", "card")]


@pytest.mark.parametrize(("repeats", "how"), [("silent", "repeated"), ("info", "reminded")])
def test_what_was_left_out_as_told_before_is_not_recorded_as_shown(repeats: str, how: str) -> None:
    known = on_record(call(thoughts(), *low_mood()))
    answer = call(thoughts(), *low_mood(), *known, cds_repeats=repeats)
    assert (LOW_MOOD in answer.names, SUICIDALITY in answer.names) == (False, True)
    assert {(rule, how) for rule, _, how in told(answer)} == {(SUICIDALITY, "card"), (LOW_MOOD, how)}


def test_what_shares_a_card_with_others_is_recorded_as_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MOST_CARDS", 1)
    answer = call(thoughts(), *low_mood())
    assert answer.names == [SUICIDALITY, "rest"]
    assert told(answer) == [(SUICIDALITY, "active", "card"), (LOW_MOOD, "active", "folded")]


def test_what_has_ended_is_recorded_as_untold() -> None:
    (flag,) = on_record(call(*low_mood()))
    answer = call(*low_mood(), observation("crp-later", "1988-5", 2, 0.8), flag)
    assert told(answer) == [(LOW_MOOD, "inactive", "untold")]


def test_of_twins_each_is_recorded_as_it_was_told() -> None:
    (flag,) = on_record(call(thoughts()))
    answer = call(thoughts(), flag, flag | {"id": "twin"})
    assert told(answer) == [(SUICIDALITY, "active", "card"), (SUICIDALITY, "inactive", "untold")]


@pytest.mark.parametrize("name", TOLD)
def test_every_card_about_a_finding_is_in_the_record(name: str) -> None:
    example = examples()[name]
    answer = site().answer(example.body, example.now)
    found = told(answer)
    assert {how for _, _, how in found} <= set(Told)
    rules = [card for card in answer.names if "-" in card]
    assert sorted({rule for rule, _, how in found if how == "card"}) == sorted(rules)
    assert ("rest" in answer.names) == any(how == "folded" for _, _, how in found)


@pytest.fixture(scope="module")
def ehr() -> Iterator[Ehr]:
    with running() as ehr:
        ehr.reset()
        ehr.resources = [person(), *low_mood()]
        yield ehr


def asked(ehr: Ehr, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> Entry:
    monkeypatch.setattr(answering, "public_authorities", lambda: TRUSTED)
    caller = Caller("ehr", CdsClient(issuer="https://ehr.example", fhir_servers=(ehr.base,)))
    return recorded(Site().answer(sent, NOW, caller))


def test_the_digest_is_of_what_was_evaluated_also_where_it_was_fetched(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = {"access_token": "lent", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "s"}
    sent = json.dumps(body(None, fhirServer=ehr.base, fhirAuthorization=lent)).encode()
    first, again = asked(ehr, sent, monkeypatch), asked(ehr, sent, monkeypatch)
    ehr.resources = [person(), *low_mood(), thoughts()]
    other = asked(ehr, sent, monkeypatch)
    assert first.input == again.input != other.input
    assert KEYS.pseudonym("input", sha256(sent).digest()) not in (first.input, other.input)


def test_where_all_was_sent_the_digest_is_of_the_request() -> None:
    sent = json.dumps(body(prefetch_of([person(), *low_mood()]))).encode()
    assert recorded(site().answer(sent)).input == KEYS.pseudonym("input", sha256(sent).digest())
