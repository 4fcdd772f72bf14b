"""Do the named patients get the answers that are committed, and do those say what each story demands?"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from service.domain.verdict import Verdict
from service.errors import Problem
from service.fhir.outcomes import outcome_of_problem
from service.rules import RULES
from tests.contract.answers import Told, check, evidence_of, is_closed_by_rule
from tests.contract.examples import NAMES, asked, body_of, differences, golden, is_refused, parameters_of, readme
from tests.contract.expected import DEMANDS, REFUSED, SCREENING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Not traced: the same patients again and again, and every rule has examples of its own.
pytestmark = pytest.mark.no_cover

Json = dict[str, Any]
ANSWERED = sorted(DEMANDS)

each_example = pytest.mark.parametrize("name", NAMES)
each_answered = pytest.mark.parametrize("name", ANSWERED)


def _answer(name: str) -> bytes:
    try:
        return check(body_of(name)).body
    except Problem as problem:
        return outcome_of_problem(problem)


@cache
def _told(name: str) -> Told:
    """Once for all that is asked of it; to be read only."""
    return Told(check(body_of(name)))


def test_every_folder_is_demanded_something() -> None:
    assert sorted((*DEMANDS, *REFUSED)) == NAMES
    assert [name for name in NAMES if is_refused(name)] == sorted(REFUSED)


@each_example
def test_the_answer_is_the_committed_one(name: str) -> None:
    found = differences(golden(name), json.loads(_answer(name)))
    if found:
        pytest.fail("\n".join(["Run `moodmarker generate`, and read what changed:", *found[:20]]), pytrace=False)


@each_answered
def test_the_answer_says_what_the_story_demands(name: str) -> None:
    demand, told = DEMANDS[name], _told(name)
    assert tuple(told.states()) == demand.flags
    assert [rule for rule in demand.unknown if told.verdicts[rule] != "UNKNOWN"] == []
    assert [rule for rule in demand.not_met if told.verdicts[rule] != "NOT_MET"] == []
    assert tuple(plan["status"] for plan in told.plans) == demand.plans
    assert told.urgent == demand.urgent
    said = "\n".join([told.words, *(flag["code"]["text"] for flag in told.flags)]).lower()
    assert [words for words in demand.says if words.lower() not in said] == []
    assert [words for words in demand.never_says if words.lower() in said] == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_its_place(name: str) -> None:
    kind, expression = REFUSED[name]
    with pytest.raises(Problem) as refused:
        check(body_of(name))
    assert (type(refused.value).__name__, refused.value.expression) == (kind, expression)


@each_answered
def test_the_same_request_gives_the_same_bytes(name: str) -> None:
    assert check(body_of(name)).body == check(body_of(name)).body


@each_answered
def test_what_was_named_as_evidence_was_sent(name: str) -> None:
    sent = set(_references(parameters_of(name)[0]))
    active = [flag for flag in _told(name).flags if flag["status"] == "active"]
    assert [one for flag in active for one in evidence_of(flag) if one not in sent] == []


def _references(bundle: Json) -> Iterable[str]:
    for entry in bundle.get("entry", []):
        resource = (entry or {}).get("resource", {})
        if resource.get("resourceType") == "Bundle":
            yield from _references(resource)
        elif "id" in resource:
            yield f"{resource.get('resourceType')}/{resource['id']}"


@each_answered
@pytest.mark.parametrize("explain", ["none", "summary", "full"])
def test_how_much_is_explained_changes_no_flag_and_no_plan(name: str, explain: str) -> None:
    told = Told(check(asked(name, explain=explain)))
    usual = _told(name)
    assert (told.flags, told.plans, told.verdicts) == (usual.flags, usual.plans, usual.verdicts)
    guidance = told.of_type("GuidanceResponse")
    assert len(guidance) == (len(told.verdicts) if explain == "full" else 0)
    for response in guidance:
        rule = response["moduleCanonical"].rpartition("/")[2].partition("|")[0]
        assert (response["status"] == "data-required") == (told.verdicts[rule] == "UNKNOWN")


@each_answered
def test_the_transaction_holds_the_same_and_can_be_stored(name: str) -> None:
    data, _ = parameters_of(name)
    answer = check(asked(name, as_="transaction"))
    parts = {one["name"]: one["resource"] for one in json.loads(answer.body)["parameter"]}
    entries = parts["transaction"].get("entry", [])
    assert parts["transaction"]["type"] == "transaction"
    assert parts["outcome"]["resourceType"] == "OperationOutcome"
    usual = [
        (one["resourceType"], one["status"])
        for one in (*_told(name).flags, *_told(name).plans)
        if not _is_as_sent(one, data)
    ]
    assert [(one["resource"]["resourceType"], one["resource"]["status"]) for one in entries] == usual
    for entry in entries:
        resource, request = entry["resource"], entry["request"]
        kind, stored = resource["resourceType"], "id" in resource
        assert (request["method"], request["url"]) == (
            ("PUT", f"{kind}/{resource['id']}") if stored else ("POST", kind)
        )
        assert ("ifMatch" if stored else "ifNoneExist") in request
    addresses = {entry["fullUrl"] for entry in entries}
    assert set(re.findall(r'"reference":"(urn:[^"]+)"', answer.body.decode())) <= addresses


def _is_as_sent(resource: Json, data: Json) -> bool:
    return any((entry or {}).get("resource") == resource for entry in data.get("entry", []))


@each_example
def test_every_patient_is_made_up_and_says_so(name: str) -> None:
    people = re.findall(r'"resourceType": "Patient"', body_of(name).decode())
    assert body_of(name).count(b'"HTEST"') >= len(people)


@each_example
def test_every_story_is_one_paragraph_that_says_what_the_answer_must_do(name: str) -> None:
    title, empty, *story = readme(name).splitlines()
    assert title.startswith("# ")
    assert not empty
    assert "" not in story
    assert "The answer must" in " ".join(line for line in story if "The answer must" in line)
    assert set(re.findall(r"`([a-z0-9-]+)`", " ".join(story))) <= {rule.name for rule in RULES} | set(NAMES)


@each_example
def test_every_request_names_its_instant(name: str) -> None:
    assert "asOf" in parameters_of(name)[1]


# --------------------------------------------------------------------------------------------- what the set shows


def test_every_rule_is_met_somewhere_but_the_one_that_is_off() -> None:
    met = {rule for name in ANSWERED for rule in _told(name).met}
    assert {rule.name for rule in RULES} - met == {SCREENING}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.on_by_default], ids=lambda rule: rule.name)
def test_every_rule_shows_every_verdict_somewhere(rule: Any) -> None:
    assert {_told(name).verdicts.get(rule.name) for name in ANSWERED} - {None} == set(Verdict.__members__)


def test_every_state_of_a_flag_is_shown() -> None:
    shown = set()
    for name in ANSWERED:
        data, _ = parameters_of(name)
        for flag in _told(name).flags:
            sent = _is_as_sent(flag, data)
            known = "unchanged" if sent else "kept" if "id" in flag else "new"
            shown.add((flag["status"], known, is_closed_by_rule(flag)))
    assert shown == {
        ("active", "new", False),
        ("active", "kept", False),
        ("active", "unchanged", False),
        ("inactive", "kept", True),
        ("entered-in-error", "kept", True),
    }


@pytest.mark.parametrize("reason", ["cleared", "merged", "now part of sustained-low-grade-inflammation"])
def test_every_reason_to_close_a_flag_is_shown(reason: str) -> None:
    assert any(f"({reason})" in flag["code"]["text"] for name in ANSWERED for flag in _told(name).flags)


@pytest.mark.parametrize(
    "words",
    [
        "no usable depression score in the last 30 days",
        "straddles a limit",
        "there is no unit",
        "without a day that can be placed",
        "without a start date",
        "cannot be ruled out",
        "a next page that was not sent",
        "the caller says that it is incomplete",
        "only some of its elements (SUBSETTED)",
        "the instrument changed",
        "too close together",
        "not exact to the day",
        "no Condition in the data supplied",
        "items of 2026-11-10 can be read",
    ],
)
def test_every_kind_of_not_knowing_is_shown(words: str) -> None:
    assert any(words in _told(name).words for name in ANSWERED)


def test_every_reason_why_a_rule_is_not_met_is_shown() -> None:
    shown = set()
    for name in ANSWERED:
        told = Told(check(asked(name, explain="full")))
        for response in told.of_type("GuidanceResponse"):
            output = {
                one["name"]: one.get("valueString", one.get("valueCode"))
                for one in response["contained"][0]["parameter"]
            }
            shown.add((output["verdict"], output.get("reason", "").partition(",")[0]))
    wanted = (
        "This rule is switched off here.",
        "This is a rule for adults; the patient is under 18.",
        "Withheld",
        "No diagnosis that this rule is for is recorded in the data supplied.",
    )
    assert {("NOT_MET", reason) for reason in wanted} <= shown


def test_requests_are_read_by_a_strict_reader_as_well() -> None:
    """Apart from those whose point is a fault: an example is also a pattern to be copied."""
    faulty = {"item-nine-positive-beside-broken-entries"}
    for name in sorted(set(ANSWERED) - faulty):
        told = Told(check(asked(name, mode="strict")))
        assert not [one for one in told.rejected().values() if one == "not-valid-fhir"], name
