"""Checks of what is refused: bodies that say too little, other patients, and addresses that are none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx

from tests.cds_hooks.blackbox.judging import NotApplicable, require
from tests.cds_hooks.blackbox.patient import Json, of_another_patient
from tests.cds_hooks.blackbox.session import DISCOVERY, Session

_NO_PATIENTS = ("../Patient", "a/b", "a?b=c", "a b", "ä", "x" * 65, "", "a,b", "a|b", "%2e%2e", "a\n")
_UNKNOWN_CARD = "00000000-0000-4000-8000-000000000000"


def _good(session: Session) -> Json:
    return session.body(session.service, session.prefetch(session.service))


def _require_400(session: Session, bodies: Iterable[tuple[str, Any]]) -> str:
    count = 0
    for what, body in bodies:
        status = session.call(session.service, body).status_code
        require(status in (400, 422), f"{what} is answered {status}, and not 400")
        count += 1
    return f"400 for {count}"


def refuses_malformed_bodies(session: Session) -> str:
    """A body that is no request of a hook is refused."""
    good = _good(session)
    return _require_400(
        session,
        [
            ("no body", b""),
            ("half an object", b'{"hook": '),
            ("text", b"hello"),
            ("an array", []),
            ("a request without context", {name: good[name] for name in good if name != "context"}),
            ("a context of text", good | {"context": "patient"}),
            ("prefetch of text", good | {"prefetch": "data"}),
        ],
    )


def needs_a_hook_instance(session: Session) -> str:
    """A call without its own id, or with one that is no UUID, is refused."""
    good = _good(session)
    without = {name: good[name] for name in good if name != "hookInstance"}
    return _require_400(
        session,
        [
            ("no hookInstance", without),
            *(("a hookInstance that is no UUID", good | {"hookInstance": one}) for one in ("", "1", 7)),
        ],
    )


def needs_its_own_hook(session: Session) -> str:
    """A call of a hook that the service is not for is refused."""
    good = _good(session)
    without = {name: good[name] for name in good if name != "hook"}
    wrong = [("another hook", good | {"hook": one}) for one in ("no-such-hook", "", 7)]
    return _require_400(session, [("no hook", without), *wrong])


def needs_a_patient_s_id(session: Session) -> str:
    """What is no id of FHIR gets into no address."""
    good = _good(session)

    def renamed(name: str) -> Json:
        """The same request of a patient whose id this is, so that nothing else is wrong with it."""
        text = json.dumps(good).replace(session.patient, json.dumps(name)[1:-1])
        found: Json = json.loads(text)
        return found

    def patient(name: Any) -> Json:
        return good | {"context": good["context"] | {"patientId": name}}

    without = {name: value for name, value in good["context"].items() if name != "patientId"}
    return _require_400(
        session,
        [
            ("no patientId", good | {"context": without}),
            ("a patientId that is a number", patient(7)),
            *((f"the patientId {name!r}", renamed(name)) for name in _NO_PATIENTS),
        ],
    )


def refuses_a_token_without_server(session: Session) -> str:
    """A token for a FHIR server that is not named is refused."""
    lent = {
        "access_token": "t",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "client",
    }
    return _require_400(
        session, [("fhirAuthorization without fhirServer", _good(session) | {"fhirAuthorization": lent})]
    )


def refuses_another_patient_s_data(session: Session) -> str:
    """Data of somebody else than the patient in the context are refused, and no card is made of them."""
    service = session.service
    kinds = {one["resourceType"] for one in session.resources if "subject" in one}
    sent = 0
    for kind in sorted(kinds):
        prefetch = session.prefetch(service, of_another_patient(session.resources, kind))
        if prefetch == session.prefetch(service):
            continue
        status = session.called(service, prefetch).response.status_code
        require(400 <= status < 500, f"a prefetch with another patient's {kind} is answered {status}")
        sent += 1
    if not sent:
        raise NotApplicable("the service asks for no data that say whose they are")
    return f"refused for {sent} types"


def ignores_what_it_does_not_know(session: Session) -> str:
    """Members and extensions that a service does not know change nothing."""
    good = _good(session)
    extended = {"com.example.vendor": {"any": [1, 2]}}
    more = good | {"extension": extended, "vendorMember": 7, "context": good["context"] | {"extension": extended}}
    plain, other = session.call(session.service, good), session.call(session.service, more)
    require(other.status_code == plain.status_code, f"with unknown members it answers {other.status_code}")
    return f"{other.status_code} with unknown members"


def has_no_other_services(session: Session) -> str:
    """An id that is not in the discovery is not there."""
    response = session.send("POST", f"{DISCOVERY}/no-such-service", json=_good(session))
    require(response.status_code == 404, f"a service that is not listed answers {response.status_code}")
    return "404"


def takes_feedback(session: Session) -> str:
    """Feedback about a card is taken."""
    (_, card), *_ = session.cards
    response = _feedback(session, str(card.get("uuid")))
    if response.status_code in (404, 405):
        raise NotApplicable("there is no feedback endpoint")
    require(response.is_success, f"feedback is answered {response.status_code}")
    return str(response.status_code)


def takes_feedback_of_unknown_cards(session: Session) -> str:
    """A card that is not known is no fault of the service's."""
    response = _feedback(session, _UNKNOWN_CARD)
    if response.status_code in (404, 405):
        raise NotApplicable("there is no feedback endpoint")
    require(response.status_code < 500, f"feedback about an unknown card is answered {response.status_code}")
    return str(response.status_code)


def _feedback(session: Session, card: str) -> httpx.Response:
    item = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-03-04T12:00:00Z"}
    return session.send("POST", f"{DISCOVERY}/{session.service['id']}/feedback", json={"feedback": [item]})
