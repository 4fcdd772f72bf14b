"""Is what a client does not send had from its FHIR server with the lent token, and from nowhere else?"""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from service.cds_hooks import answering
from service.cds_hooks.answering import HookService
from service.errors import RequiredDataMissing
from service.security.cds_clients import Caller
from service.settings import CdsClient
from service.telemetry import configure_logging
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.ehr import Ehr, running
from tests.cds_hooks.hooks import (
    NOBODY,
    NOW,
    PATIENT,
    Answer,
    Site,
    body,
    day,
    low_mood,
    person,
    prefetch_of,
    searchset,
    site,
    thoughts,
)

TOKEN = "lent-7Qz.token~value"
TRUSTED = httpx.create_ssl_context(trust_env=False)
KINDS = {one.resource_type for one in site().service.templates}
KEYS = [one.key for one in site().service.templates]
FOUND = ["suicidality-recorded", "depression-with-low-grade-inflammation"]


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the authorities takes longer than the tests."""
    monkeypatch.setattr(answering, "public_authorities", lambda: TRUSTED)


@pytest.fixture(scope="module")
def _running() -> Iterator[Ehr]:
    with running() as ehr:
        yield ehr


@pytest.fixture
def ehr(_running: Ehr) -> Ehr:
    """A server with a patient of two findings."""
    _running.reset()
    _running.resources = [person(), *low_mood(), thoughts()]
    return _running


def caller(ehr: Ehr) -> Caller:
    return Caller("ehr", CdsClient(issuer="https://ehr.example", fhir_servers=(ehr.base,)))


def lending(ehr: Ehr, scope: str = "patient/*.rs", **more: Any) -> Json:
    """What a client says of its server."""
    lent = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": scope, "subject": "moodmarker"}
    return {"fhirServer": ehr.base, "fhirAuthorization": lent | more}


def asked(ehr: Ehr, prefetch: Json | None = None, *, seconds: float = 5.0, scope: str = "patient/*.rs") -> Answer:
    """The answer to a client of this server."""
    return Site(cds_seconds=seconds).answer(body(prefetch, **lending(ehr, scope)), NOW, caller(ehr))


def test_what_is_not_sent_is_fetched(ehr: Ehr) -> None:
    answer = asked(ehr)
    assert answer.names == FOUND
    assert set(ehr.asked) == KINDS
    sent = site().answer(body(prefetch_of(ehr.resources)))
    assert [card["summary"] for card in answer.cards] == [card["summary"] for card in sent.cards]
    assert [card["detail"] for card in answer.cards] == [card["detail"] for card in sent.cards]


def test_every_request_carries_the_lent_token(ehr: Ehr) -> None:
    ehr.page_size = 1
    asked(ehr)
    assert sum(ehr.asked.values()) > len(KEYS)
    assert ehr.tokens == {f"Bearer {TOKEN}"}


def test_a_server_may_want_no_token(ehr: Ehr) -> None:
    answer = site().answer(body(None, fhirServer=ehr.base), NOW, caller(ehr))
    assert answer.names == FOUND
    assert ehr.tokens == {""}


def test_what_was_sent_is_not_fetched_again(ehr: Ehr) -> None:
    prefetch = prefetch_of(ehr.resources)
    for key in ("conditions", "flags"):
        del prefetch[key]
    assert asked(ehr, prefetch).names == FOUND
    assert ehr.asked == {"Condition": 1, "Flag": 1}


def test_what_the_client_failed_to_fetch_is_not_asked_for_again(ehr: Ehr) -> None:
    refused = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    answer = asked(ehr, prefetch_of(ehr.resources) | {"questionnaireResponses": refused})
    assert answer.names == [*FOUND, "missing"]
    assert not ehr.asked


def test_null_is_not_asked_for_again(ehr: Ehr) -> None:
    assert asked(ehr, prefetch_of(ehr.resources) | {"conditions": None}).names == FOUND
    assert not ehr.asked


def test_the_rest_of_a_page_that_was_sent_is_fetched(ehr: Ehr) -> None:
    first, *others = low_mood()
    ehr.resources = [person(), first, *others, thoughts()]
    link = [{"relation": "next", "url": f"{ehr.base}/Observation?code=44261-6&start=1"}]
    prefetch = prefetch_of([person()]) | {"safetyObservations": searchset([first], link=link)}
    prefetch["observations"] = searchset([others[-1]])
    answer = asked(ehr, prefetch)
    assert answer.names == ["depression-with-low-grade-inflammation"]
    assert ehr.asked == {"Observation": 1}
    assert ehr.tokens == {f"Bearer {TOKEN}"}


def test_a_page_elsewhere_is_never_asked_for(ehr: Ehr) -> None:
    with running() as elsewhere:
        link = [{"relation": "next", "url": f"{elsewhere.base}/QuestionnaireResponse?start=1"}]
        prefetch = prefetch_of(ehr.resources) | {"questionnaireResponses": searchset([], link=link)}
        answer = asked(ehr, prefetch)
        assert not elsewhere.asked
        assert not elsewhere.tokens
    assert answer.names == [*FOUND, "missing"]
    assert "questionnaire responses" in answer.card("missing")["detail"]


def test_all_pages_are_read(ehr: Ehr) -> None:
    ehr.page_size = 1
    assert asked(ehr).names == FOUND
    # Three observations of one template and one of the other, one at a time.
    assert ehr.asked["Observation"] == 4


FAULTS: dict[str, Response] = {
    "refusal": Response(status_code=403),
    "unknown token": Response(status_code=401),
    "error": Response(status_code=500),
    "text": Response("hello", media_type="text/plain"),
    "HTML": HTMLResponse("<!doctype html><title>Sign in</title>"),
    "no JSON": Response("{", media_type="application/fhir+json"),
    "half a page": Response(json.dumps(searchset([thoughts()]))[:-40], media_type="application/fhir+json"),
    "outcome": JSONResponse(
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    ),
    "redirect": RedirectResponse("http://127.0.0.1:9/fhir"),
    "entries of text": JSONResponse(searchset([]) | {"entry": ["x"]}),
    "entries without resources": JSONResponse(
        searchset([]) | {"entry": [{"fullUrl": "https://ehr.example/Condition/1"}]}
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_server_does_not_give_is_told(ehr: Ehr, fault: str) -> None:
    ehr.faults["QuestionnaireResponse"] = FAULTS[fault]
    answer = asked(ehr)
    assert answer.names == [*FOUND, "missing"]
    assert answer.card("missing")["summary"] == "Safety check incomplete. Could not be read: questionnaire responses"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_patient_who_is_not_given_is_no_answer(ehr: Ehr, fault: str) -> None:
    ehr.faults["Patient"] = FAULTS[fault]
    with pytest.raises(RequiredDataMissing):
        asked(ehr)


def test_a_patient_who_is_not_there_is_no_answer(ehr: Ehr) -> None:
    ehr.resources = low_mood()
    with pytest.raises(RequiredDataMissing):
        asked(ehr)


def test_a_token_that_expires_meanwhile_leaves_the_rest_unknown(ehr: Ehr) -> None:
    """The patient is had, and from then on the server takes the token no more."""
    expired = Response(status_code=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    ehr.faults = dict.fromkeys(KINDS - {"Patient", "Observation"}, expired)
    answer = asked(ehr)
    # Whether inflammation was confounded nobody can tell without conditions and medicines; thoughts of death stand.
    assert answer.names == ["suicidality-recorded", "missing"]
    told = answer.card("missing")
    assert told["indicator"] == "warning"
    assert "conditions" in told["summary"]
    # Who lent the token alone can lend another.
    assert all(ehr.asked[kind] == 1 for kind in ("QuestionnaireResponse", "CarePlan"))


def test_a_slow_server_is_not_waited_for(ehr: Ehr) -> None:
    ehr.delays["Condition"] = 4.0
    began = time.monotonic()
    answer = asked(ehr, seconds=0.6)
    assert time.monotonic() - began < 3
    assert "missing" in answer.names
    assert "conditions" in answer.card("missing")["detail"]


def test_what_the_token_does_not_allow_is_not_asked_for(ehr: Ehr) -> None:
    answer = asked(ehr, scope="launch patient/Patient.r patient/Observation.rs user/Encounter.rs openid")
    assert set(ehr.asked) == {"Patient", "Observation", "Encounter"}
    assert answer.names == ["suicidality-recorded", "missing"]
    assert "the token that was sent does not allow to read it" in answer.card("missing")["detail"]


@pytest.mark.parametrize("scope", ["patient/*.read", "user/*.rs", "system/*.cruds", "patient/*.*"])
def test_scopes_of_both_versions_are_understood(ehr: Ehr, scope: str) -> None:
    assert asked(ehr, scope=scope).names == FOUND


def test_a_token_for_a_part_leaves_the_rest_unknown(ehr: Ehr) -> None:
    scope = "patient/*.rs".replace("*", "Patient") + " patient/Observation.rs?category=laboratory"
    answer = asked(ehr, scope=scope)
    assert "missing" in answer.names
    assert "allows to read a part of it only" in answer.card("missing")["detail"]


@pytest.mark.parametrize("listed", [False, True])
def test_only_servers_of_the_client_are_asked(ehr: Ehr, listed: bool) -> None:
    client = CdsClient(
        issuer="https://ehr.example", fhir_servers=(ehr.base,) if listed else ("https://ehr.example/fhir",)
    )
    request = body(prefetch_of(ehr.resources) | {}, **lending(ehr))
    del request["prefetch"]["conditions"]
    answer = site().answer(request, NOW, Caller("ehr", client))
    assert ("missing" in answer.names) is not listed
    assert bool(ehr.asked) is listed
    if not listed:
        assert "not one that this client may name here" in answer.card("missing")["detail"]


def test_without_clients_the_site_s_servers_are_asked(ehr: Ehr) -> None:
    known = Site(servers={"ehr": {"url": ehr.base}})
    assert known.answer(body(None, **lending(ehr)), NOW, NOBODY).names == FOUND
    ehr.reset()
    with pytest.raises(RequiredDataMissing):
        site().answer(body(None, **lending(ehr)), NOW, NOBODY)
    assert not ehr.asked


def test_a_server_s_address_may_end_with_a_slash(ehr: Ehr) -> None:
    request = body(None, **lending(ehr) | {"fhirServer": f"{ehr.base}/"})
    assert site().answer(request, NOW, caller(ehr)).names == FOUND


def _told_by_reference() -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "authoredOn": day(20),
        "medicationReference": {"reference": "Medication/7"},
    }


def test_medicines_that_are_told_by_reference_are_read(ehr: Ehr) -> None:
    medicine = {"resourceType": "Medication", "id": "7", "code": {"text": "prednisolone"}}
    ehr.resources = [*ehr.resources, _told_by_reference(), medicine]
    answer = asked(ehr, prefetch_of(ehr.resources))
    assert set(ehr.asked) == {"Medication"}
    assert "medications (" not in "".join(card["detail"] for card in answer.cards)


def test_a_medicine_that_nobody_can_read_is_told(ehr: Ehr) -> None:
    """It came last, after everything that templates ask for."""
    ehr.resources = [*ehr.resources, _told_by_reference(), {"resourceType": "Medication", "id": "7", "code": "text"}]
    answer = asked(ehr, prefetch_of(ehr.resources))
    assert "medications (an entry of it could not be read)" in answer.cards[0]["detail"]


def test_another_patient_s_data_are_refused_from_a_server_too(ehr: Ehr) -> None:
    ehr.faults["Condition"] = JSONResponse(
        searchset([{"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/ben"}}])
    )
    with pytest.raises(Exception, match="another patient"):
        asked(ehr)


def test_the_token_is_nowhere_but_at_the_server(ehr: Ehr) -> None:
    """Not in the answer, not in an error, not in the log, and not in what the service keeps."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(message)s %(args)s"))
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logging("debug")
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        ehr.faults["Condition"] = Response(status_code=500)
        answer = asked(ehr)
        ehr.faults["Patient"] = Response(TOKEN, 500)
        with pytest.raises(RequiredDataMissing) as refused:
            asked(ehr)
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()
    assert TOKEN not in answer.told.body.decode()
    assert TOKEN not in str(refused.value) + refused.value.text
    assert TOKEN not in written.getvalue()
    assert PATIENT not in refused.value.text


def test_sockets_are_closed_whether_or_not_any_were_opened() -> None:
    import asyncio

    service: HookService = Site().service
    asyncio.run(service.close())
    assert "httpx" in sys.modules
