"""Is a check answered, and is each problem told with its status?"""

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest

import service.errors
from service.api import check as checking
from service.api import errors
from service.api.edge import Edge
from service.api.errors import STATUS, answer_problem
from service.assessment import Answer, CheckOptions, Context
from service.errors import NotBelieved, Problem, ScopeMissing, TokenRefused
from tests.api.asking import CHECK, FHIR, ask, check, issue_code, outcome_text, parameters

PATIENT = {"resourceType": "Patient", "id": "a"}


def _record(seen: list[CheckOptions]) -> Callable[..., Answer]:
    def assess(_body: bytes, options: CheckOptions, _context: Context, _now: datetime) -> Answer:
        seen.append(options)
        return Answer(body=b"{}", urgent=False, verdicts=(), entries=0)

    return assess


def test_answers_with_a_collection(app: Edge, body: bytes) -> None:
    answered = check(app, body)
    assert answered.status_code == 200
    bundle = answered.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    assert bundle["entry"][-1]["resource"]["resourceType"] == "OperationOutcome"
    assert "moodmarker-urgent" not in answered.headers


def test_the_same_request_gives_the_same_bytes(app: Edge, body: bytes) -> None:
    assert check(app, body).content == check(app, body).content


def test_a_bare_bundle_with_its_parameters_in_the_query_is_the_same_request(app: Edge, body: bytes) -> None:
    received = json.loads(body)["parameter"]
    bundle = next(one["resource"] for one in received if one["name"] == "data")
    as_of = next(one["valueDateTime"] for one in received if one["name"] == "asOf")
    assert check(app, json.dumps(bundle).encode(), f"?asOf={as_of}").content == check(app, body).content


def test_the_dollar_may_be_percent_encoded(app: Edge, body: bytes) -> None:
    assert ask(app, "POST", "/fhir/%24mood-immune-check", content=body, headers=FHIR).status_code == 200


@pytest.mark.parametrize(("answer", "urgent"), [("LA6569-3", True), ("LA6568-5", False)])
def test_thoughts_of_death_are_told_in_a_header(app: Edge, answer: str, urgent: bool) -> None:
    item_nine = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/a"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]},
        "effectiveDateTime": "2026-06-29",
        "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": answer}]},
    }
    answered = check(app, parameters([PATIENT, item_nine], asOf="2026-06-30"))
    assert answered.status_code == 200
    assert answered.headers.get("moodmarker-urgent") == ("true" if urgent else None)


def test_the_query_is_handed_on(app: Edge, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[CheckOptions] = []
    monkeypatch.setattr(checking, "assess", _record(seen))
    query = "?asOf=2026-06-30&incomplete=Observation&incomplete=Condition&explain=full&mode=lenient"
    assert check(app, body, f"{query}&as=transaction&subject=Patient/a").status_code == 200
    assert seen[0].sent == {
        "asOf": ("2026-06-30",),
        "incomplete": ("Observation", "Condition"),
        "explain": ("full",),
        "mode": ("lenient",),
        "as": ("transaction",),
        "subject": ("Patient/a",),
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b'{"resourceType":"Patient","id":"a"}',
        b'{"resourceType":"Bundle","type":"history"}',
        b'{"resourceType":"Bundle","type":"message"}',
        b'{"resourceType":"Parameters"}',
        b'{"resourceType":"Bundle","type":"collection","entry":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\xff\xfe{}",
    ],
)
def test_a_body_that_is_not_the_shape_is_told(app: Edge, body: bytes) -> None:
    refused = check(app, body)
    assert refused.status_code == 400
    assert outcome_text(refused)


def test_a_second_patient_is_refused(app: Edge) -> None:
    resources = [PATIENT, {"resourceType": "Patient", "id": "b"}]
    refused = check(app, parameters(resources, asOf="2026-06-30"))
    assert refused.status_code == 422
    assert issue_code(refused) == "processing"


def test_data_of_nobody_are_refused(app: Edge) -> None:
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
        "effectiveDateTime": "2026-06-01",
        "valueInteger": 12,
    }
    refused = check(app, parameters([observation], asOf="2026-06-30"))
    assert refused.status_code == 422
    assert issue_code(refused) == "required"


def test_no_entries_is_an_answer(app: Edge) -> None:
    answered = check(app, b'{"resourceType":"Bundle","type":"collection"}')
    assert answered.status_code == 200
    assert answered.json()["entry"][-1]["resource"]["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused_with_the_one_allowed(app: Edge, method: str) -> None:
    refused = ask(app, method, CHECK)
    assert refused.status_code == 405
    assert refused.headers["allow"] == "POST"
    assert issue_code(refused) == "not-supported"


@pytest.mark.parametrize("problem", list(STATUS))
def test_every_problem_has_its_status_and_outcome(
    app: Edge, body: bytes, problem: type[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Answer:
        raise problem("What is wrong, and the remedy.", "Bundle.entry[3]")

    monkeypatch.setattr(checking, "assess", refuse)
    refused = check(app, body)
    assert refused.status_code == STATUS[problem]
    assert outcome_text(refused) == "What is wrong, and the remedy."
    assert issue_code(refused) == problem.code
    assert refused.json()["issue"][0]["expression"] == ["Bundle.entry[3]"]
    assert ("retry-after" in refused.headers) == (refused.status_code in (429, 503))


def test_every_problem_is_in_the_table() -> None:
    told = {one for module in (service.errors, errors) for one in vars(module).values() if isinstance(one, type)}
    # Whoever is not believed gets a status alone, and it is that of who has to say who it is; the other two say by
    # themselves what is wrong, and have the status of what they are.
    theirs = {Problem, NotBelieved, TokenRefused, ScopeMissing}
    assert {one for one in told if issubclass(one, Problem)} - theirs == set(STATUS)
    assert (answer_problem(NotBelieved()).status_code, bytes(answer_problem(NotBelieved()).body)) == (401, b"")
    assert answer_problem(Problem("Not in the table.")).status_code == 500


def test_long_work_is_given_up_and_held_until_it_ends(
    make_app: Callable[..., Edge], body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(deadline_seconds=0.05, concurrency_limit=1, queue_limit=0)
    go_on = threading.Event()

    def take_long(*_: object) -> Answer:
        go_on.wait(10)
        raise RuntimeError("nobody listens any more")

    monkeypatch.setattr(checking, "assess", take_long)
    late = check(app, body, "?mode=strict")
    assert late.status_code == 503
    assert issue_code(late) == "timeout"
    assert issue_code(check(app, body)) == "throttled"
    go_on.set()
    monkeypatch.undo()
    while (answered := check(app, body)).status_code == 503:
        time.sleep(0.01)
    assert answered.status_code == 200


def test_work_that_has_not_begun_is_taken_back(
    make_app: Callable[..., Edge], body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(deadline_seconds=0.1, concurrency_limit=3)
    go_on, begun = threading.Event(), []

    def take_long(*_: object) -> Answer:
        begun.append(1)
        go_on.wait(10)
        return Answer(body=b"{}", urgent=False, verdicts=(), entries=0)

    monkeypatch.setattr(checking, "assess", take_long)
    assert [issue_code(check(app, body, "?mode=strict")) for _ in range(3)] == ["timeout"] * 3
    assert len(begun) == 2  # as many as there are threads
    monkeypatch.undo()
    assert check(app, body).status_code == 200
    go_on.set()


@pytest.mark.parametrize(
    ("given", "aside"),
    [
        (b'{"resourceType":"Bundle"}', False),
        (b'{"parameter":[{"name":"mode","valueCode":"strict"}]}', True),
        (b"{" + b" " * 600_000 + b"}", True),
    ],
)
def test_large_and_strict_work_runs_beside_the_event_loop(
    app: Edge, given: bytes, aside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []

    def assess(*_: object) -> Answer:
        threads.append(threading.current_thread().name)
        return Answer(body=b"{}", urgent=False, verdicts=(), entries=0)

    monkeypatch.setattr(checking, "assess", assess)
    assert check(app, given).status_code == 200
    assert threads[0].startswith("check") == aside
