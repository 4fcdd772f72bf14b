"""Whatever is wrong with a request: is it answered or refused in words, and is no positive answer ever lost?"""

from __future__ import annotations

import asyncio
import copy
import json
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from service.api.application import create_app
from service.errors import Problem
from service.fhir.outcomes import outcome_of_problem
from service.settings import Settings
from tests.api.asking import CHECK, FHIR
from tests.contract import patients as p
from tests.contract.answers import Told, check, context, read_account, stored, tell
from tests.contract.examples import NAMES, body_of, parameters_of
from tests.properties.mutations import damage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.assessment import Answer

Json = dict[str, Any]

REQUESTS = {name: json.loads(body_of(name)) for name in NAMES}
# A dead patient is not evaluated, two patients are refused, and nobody is in an empty Bundle.
ALIVE = [name for name in NAMES if name not in ("deceased-patient", "second-patient-refused", "empty-bundle")]
GUARD = "Observation/guard"
few = pytest.mark.parametrize("seed", range(4))
many = pytest.mark.parametrize("seed", range(100, 150))


def _damaged(name: str, chance: Random) -> bytes:
    request = copy.deepcopy(REQUESTS[name])
    damage(request if chance.random() < 0.1 else request["parameter"], chance)
    return json.dumps(request).encode()


def _cases(seed: int, names: list[str], each: int) -> Iterator[tuple[str, Random]]:
    for name in names:
        for number in range(each):
            case = f"{name} {seed} {number}"
            yield case, Random(case)


def _answered(case: str, body: bytes) -> Told | None:
    """The answer, None for a refusal in words; anything else fails with the case that shows it again."""
    found: Answer | Problem
    try:
        found = check(body)
    except Problem as problem:
        found = problem
    except Exception as error:
        raise AssertionError(f"{case}: {type(error).__name__}") from error
    if isinstance(found, Problem):
        assert json.loads(outcome_of_problem(found))["issue"][0]["details"]["text"], case
        return None
    told = Told(found)
    assert _is_accounted_for(told), case
    return told


def _is_accounted_for(told: Told) -> bool:
    (outcome,) = told.of_type("OperationOutcome")
    account = read_account(outcome)
    return bool(account["received"] == account["used"] + account["notRead"] + sum(account["rejected"].values()))


def _fuzz(seed: int, each: int) -> None:
    for case, chance in _cases(seed, NAMES, each):
        name = case.split()[0]
        _answered(case, _damaged(name, chance))


@few
def test_no_mutation_ends_in_anything_but_an_answer_or_a_problem(seed: int) -> None:
    _fuzz(seed, each=2)


@pytest.mark.slow
@many
def test_no_mutation_ends_in_anything_but_an_answer_or_a_problem_at_length(seed: int) -> None:
    _fuzz(seed, each=6)


# What chance once found, so that it is looked for on every run.
@pytest.mark.parametrize("instant", ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_an_instant_at_the_end_of_the_calendar_is_refused_in_words(instant: str) -> None:
    assert _answered(instant, p.request(p.bundle(p.person(), p.answer(2, 3)), instant)) is None


@pytest.mark.parametrize(
    "named", [None, {}, {"identifier": {}}, {"identifier": "x"}, {"type": "Observation"}, {"reference": ""}]
)
def test_a_flag_that_comes_back_with_evidence_that_names_nothing_is_closed_all_the_same(named: Json | None) -> None:
    low_grade = tell(p.score(14, 5), p.crp(5, 4)).flags[0]
    detail = {"url": "http://hl7.org/fhir/StructureDefinition/flag-detail", "valueReference": named}
    flag = stored(low_grade, "f") | {"extension": [*low_grade["extension"], detail]}
    assert [one["status"] for one in tell(p.crp(1, 0), flag).flags] == ["inactive"]


def _guard(name: str) -> Json:
    """A positive item 9 of three days before the instant that the request asks about, of the request's patient."""
    data, sent = parameters_of(name)
    day = date.fromisoformat(sent["asOf"][0][:10]) - timedelta(days=3)
    subject = next(one for one in _subjects(data))
    return {
        "resourceType": "Observation",
        "id": "guard",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]},
        "subject": subject,
        "effectiveDateTime": day.isoformat(),
        "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA6570-1"}]},
    }


def _subjects(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        if isinstance(node.get("subject"), dict) and "reference" in node["subject"]:
            yield node["subject"]
        for value in node.values():
            yield from _subjects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _subjects(value)


GUARDS = {name: _guard(name) for name in ALIVE}


def _broken_around_the_guard(name: str, chance: Random) -> bytes:
    request = copy.deepcopy(REQUESTS[name])
    (data,) = [one["resource"] for one in request["parameter"] if one["name"] == "data"]
    entries = data["entry"]
    others = [entry for entry in entries if _is_no_person(entry)]
    for entry in chance.sample(others, min(len(others), chance.randint(1, 3))):
        damage(entry["resource"], chance)
    entries.insert(chance.randint(0, len(entries)), {"resource": GUARDS[name]})
    return json.dumps(request).encode()


def _is_no_person(entry: Any) -> bool:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return isinstance(resource, dict) and resource.get("resourceType") not in ("Patient", "Bundle")


def _keep_the_guard(seed: int, each: int) -> None:
    for case, chance in _cases(seed, ALIVE, each):
        told = _answered(case, _broken_around_the_guard(case.split()[0], chance))
        assert told is not None, case
        assert told.urgent, case
        assert told.verdicts["suicidality-recorded"] == "MET", case
        named = [flag for flag in told.flags if GUARD in json.dumps(flag) and flag["status"] == "active"]
        assert [
            flag["code"]["coding"][0]["code"]
            for flag in named
            if flag["code"]["coding"][0]["code"].startswith("suicid")
        ], case


@few
def test_a_positive_answer_survives_whatever_is_broken_beside_it(seed: int) -> None:
    _keep_the_guard(seed, each=2)


@pytest.mark.slow
@many
def test_a_positive_answer_survives_whatever_is_broken_beside_it_at_length(seed: int) -> None:
    _keep_the_guard(seed, each=3)


def _ask(bodies: list[tuple[str, bytes]]) -> list[tuple[str, int]]:
    async def run() -> list[tuple[str, int]]:
        app = create_app(Settings.model_construct(), context())
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return [(case, (await client.post(CHECK, content=body, headers=FHIR)).status_code) for case, body in bodies]

    return asyncio.run(run())


def _fuzz_over_http(seed: int, each: int) -> None:
    bodies = [(case, _damaged(case.split()[0], chance)) for case, chance in _cases(seed, NAMES, each)]
    assert [(case, status) for case, status in _ask(bodies) if status not in (200, 400, 413, 422)] == []


@pytest.mark.parametrize("seed", range(200, 202))
def test_no_mutation_ends_in_a_server_error(seed: int) -> None:
    _fuzz_over_http(seed, each=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300, 320))
def test_no_mutation_ends_in_a_server_error_at_length(seed: int) -> None:
    _fuzz_over_http(seed, each=2)
