"""Is a sound CDS service passed from outside, and each fault found by the requirement that is meant for it?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from tests.cds_hooks.blackbox import calls
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.blackbox.session import Session
from tests.cds_hooks.blackbox.tokens import TokensOfKey
from tests.cds_hooks.broken import BROKEN
from tests.cds_hooks.examining import FAILED, NOT_APPLICABLE, PASSED, examined
from tests.cds_hooks.in_process import asking
from tests.cds_hooks.model_service import BASE, ISSUER, KEY, ORIGIN, ModelService
from tests.cds_hooks.requirement import OWN, SPECIFIED, Reason, Requirement, Shown
from tests.cds_hooks.table import REQUIREMENTS

CHECKED = [one for one in REQUIREMENTS if not isinstance(one.proof, Reason | Shown)]


@contextmanager
def looking_at(service: ModelService, base: str = BASE, **more: Any) -> Iterator[Session]:
    with asking(service.app) as client:
        tokens = TokensOfKey(KEY.as_dict(private=True), ISSUER, base)
        yield Session(base, client, **{"tokens": tokens, "origin": ORIGIN, **more})


def failed(**broken: Any) -> set[str]:
    """The requirements that a service does not meet, by the names that are printed."""
    is_trust = broken.get("lenient") in _TRUST
    # Who is believed is a matter of its own, and signing takes its time.
    more: dict[str, Any] = {} if is_trust else {"tokens": None}
    looked = [one for one in CHECKED if _concerns(one, "answer" in broken, is_trust)]
    with looking_at(ModelService(needs_tokens=is_trust, **broken), **more) as session:
        results = examined(session, looked)
        return {one.requirement.id.removeprefix(SPECIFIED) for one in results if one.outcome == FAILED}


def _concerns(requirement: Requirement, is_answer: bool, is_trust: bool) -> bool:
    """Whether a fault could be one of this: what is refused is no matter of what is answered, and takes most calls."""
    if is_trust:
        return requirement.shown_by.startswith("tests/cds_hooks/blackbox/believing.py")
    return not (is_answer and requirement.id.startswith(OWN))


def test_a_sound_service_passes_everything() -> None:
    with looking_at(ModelService()) as session:
        results = {one.requirement.id: one for one in examined(session)}
    assert set(results) == {one.id for one in REQUIREMENTS}
    assert [one.line for one in results.values() if one.outcome == FAILED] == []
    assert {one.id for one in CHECKED if results[one.id].outcome != PASSED} == set()
    assert all(one.why for one in results.values())


def test_a_service_with_nothing_to_look_at_fails_nothing() -> None:
    """It offers no prefetch and gives no cards: most of the requirements are about what is not there."""

    def without_prefetch(document: Json) -> None:
        for service in document["services"]:
            del service["prefetch"], service["usageRequirements"], service["extension"]

    def bare(document: Json) -> Json:
        without_prefetch(document)
        return {"services": document["services"][:1]}

    service = ModelService(offer=bare, answer=lambda _: {"cards": []}, lenient="status 412", needs_tokens=False)
    with looking_at(service, tokens=None, origin="") as session:
        results = [one for one in examined(session) if one.requirement in CHECKED]
    assert [one.line for one in results if one.outcome == FAILED] == []
    told = [one for one in results if one.outcome == NOT_APPLICABLE]
    assert len(told) > 40


_TRUST = ("unsigned", "shared secret", "changed", "no token", "any issuer", "any key", "jku alone")


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_found_by_what_is_meant_for_it(fault: str) -> None:
    broken, expected = BROKEN[fault]
    assert failed(**broken) == expected


def test_every_requirement_that_is_checked_can_fail() -> None:
    found = {name for _, expected in BROKEN.values() for name in expected}
    apart = {"2", "27", "168", "199"}
    assert {one.id.removeprefix(SPECIFIED) for one in CHECKED} == found | apart


def test_an_address_without_tls_fails_beyond_this_machine() -> None:
    base = "http://model.test"
    with looking_at(ModelService(), base) as session:
        names = [result.requirement.id for result in examined(session) if result.outcome == FAILED]
    assert {f"{SPECIFIED}2", f"{SPECIFIED}168"} <= set(names)


def test_a_service_that_wants_keys_to_have_an_address_fails() -> None:
    assert {"176", "199"} <= failed(lenient="jku alone")


def test_a_slow_service_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_SECONDS", -1.0)
    assert failed() == {"27"}


def test_a_service_that_is_not_there_fails() -> None:
    with httpx.Client() as client:
        session = Session("http://127.0.0.1:1", client)
        results = [one for one in examined(session) if one.requirement in CHECKED]
    assert {one.outcome for one in results} == {FAILED, NOT_APPLICABLE}
    assert all("ConnectError" in one.why for one in results if one.outcome == FAILED)


def test_actions_that_were_agreed_are_looked_at() -> None:
    good = [{"type": "delete", "description": "Take it away", "resourceId": "Flag/1"}]
    for actions, expected in ((good, set()), ([], {"3", "75"}), ([{"description": "x"}], {"75", "127"})):
        change = partial(_with_actions, actions)
        with looking_at(ModelService(answer=change, needs_tokens=False), tokens=None, agreed_actions=True) as session:
            results = list(examined(session))
        names = {one.requirement.id.removeprefix(SPECIFIED) for one in results if one.outcome == FAILED}
        assert names == expected


def _with_actions(actions: list[Json], answer: Json) -> None:
    answer["systemActions"] = actions
