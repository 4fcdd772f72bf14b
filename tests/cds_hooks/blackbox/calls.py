"""Checks of how calls are answered: statuses, speed, and what is made of data that could not be had."""

from __future__ import annotations

from statistics import median

from tests.cds_hooks.blackbox.judging import NotApplicable, require, require_none, seen
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.blackbox.session import Session, document_of, listed

# "On the order of 500 ms".
MOST_SECONDS = 1.5
_REFUSED: Json = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception", "diagnostics": "The search failed."}],
}


def answers_in_time(session: Session) -> str:
    """Answers come on the order of half a second."""
    seconds = median(call.response.elapsed.total_seconds() for call in session.calls)
    require(seconds <= MOST_SECONDS, f"half of the calls take {seconds:.1f} s and more")
    return f"half of the calls take at most {seconds * 1000:.0f} ms"


def answers_from_prefetch(session: Session) -> str:
    """Where a client has sent all that the templates ask for, no FHIR server is needed."""
    asking = [call for call in session.calls if call.sent.get("prefetch")]
    require_none(
        f"{call.name} answers {call.response.status_code}" for call in asking if not _ok(call.response.status_code)
    )
    return seen(len(asking), "calls with prefetch")


def answers_with_cards(session: Session) -> str:
    """What succeeds has the status 200 and an array of cards."""
    wrong = [call for call in session.calls if call.response.is_success and call.response.status_code != 200]
    require_none(f"{call.name} answers {call.response.status_code}" for call in wrong)
    require_none(f"{call.name}: no array of cards" for call, answer in session.answers if not _has_cards(answer))
    return seen(len(session.answers), "answers")


def answers_other_statuses_as_errors(session: Session) -> str:
    """What is not 200 is a 4xx or 5xx."""
    response = session.call(session.service, b"{")
    statuses = [response.status_code, *(call.response.status_code for call in session.calls)]
    require_none(f"a call is answered {status}" for status in statuses if status != 200 and not 400 <= status < 600)
    return seen(sum(status != 200 for status in statuses), "calls that are refused")


def says_nothing_with_no_cards(session: Session) -> str:
    """Of a patient without any data there is an array of cards, empty where there is nothing to say."""
    empty = [call for call in session.calls if call.sent["prefetch"] == session.no_data(call.service)]
    for call in empty:
        status = call.response.status_code
        require(status == 200, f"{call.name} answers {status} for a patient without data")
        require(_has_cards(document_of(call.response)), f"{call.name} leaves the array of cards out")
    return seen(len(empty), "calls without data")


def tells_what_failed(session: Session) -> str:
    """An OperationOutcome in place of the data is no reason to be silent."""
    asking = [one for one in session.services if session.templates(one)]
    if not asking:
        raise NotApplicable("no service asks for prefetch")
    service = asking[0]
    prefetch = session.prefetch(service)
    # Who it is about is known, where anything else is asked for.
    failing = [key for key in prefetch if not session.is_read(service, key)] or list(prefetch)
    call = session.called(service, prefetch | dict.fromkeys(failing, _REFUSED))
    if call.response.status_code == 200:
        require(
            bool(listed(document_of(call.response), "cards")),
            f"every search failed ({', '.join(failing)}), and the answer is an empty array of cards",
        )
        return "a card tells it"
    require(400 <= call.response.status_code < 600, f"it answers {call.response.status_code}")
    return f"it answers {call.response.status_code}"


def refuses_without_data(session: Session) -> str:
    """Neither prefetch nor a FHIR server: 412."""
    asking = [one for one in session.services if session.templates(one)]
    if not asking:
        raise NotApplicable("no service asks for prefetch")
    status = session.called(asking[0], None).response.status_code
    require(status == 412, f"without prefetch and FHIR server it answers {status}")
    return "412"


def acts_only_as_agreed(session: Session) -> str:
    """systemActions are an array of actions, and come to those alone who have agreed to take them."""
    having = [(call.name, answer["systemActions"]) for call, answer in session.answers if "systemActions" in answer]
    if not session.agreed_actions:
        require_none(f"{name}: systemActions that nobody has agreed to" for name, _ in having)
        return "none, as none were agreed to"
    require_none(f"{name}: systemActions is no array of actions" for name, one in having if not _are_actions(one))
    return seen(len(having), "answers with systemActions")


def _are_actions(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "type" in one for one in value)


def _has_cards(answer: Json) -> bool:
    return isinstance(answer.get("cards"), list)


def _ok(status: int) -> bool:
    return 200 <= status < 300
