"""Hazards in the life of a Flag: is anything lost, or raised twice, by what is withdrawn, corrected, closed or late?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.domain.wording import FOOTER
from service.rules import RULES
from tests.contract import patients as p
from tests.contract.answers import Told, check, evidence_of, is_closed_by_rule, rule_of, stored, tell

RECORDED, NOT_READABLE = "suicidality-recorded", "suicidality-not-readable"
LOW_GRADE = "depression-with-low-grade-inflammation"
LIMITS = {rule.name: rule.limits for rule in RULES}
THOUGHTS, PLAN = p.answer(2, 45), p.said("93249-1", 45)
DEPRESSED = (p.score(14, 5), p.crp(5, 4))
Json = dict[str, Any]


def _withdrawn(resource: Json) -> Json:
    return resource | {"status": "entered-in-error"}


def _raised(*resources: Json, rule: str = RECORDED, **parameters: Any) -> Json:
    """The Flag of a rule as a server holds it."""
    return stored(tell(*resources, **parameters).flag(rule), "f")


def _closed(flag: Json, end: str | None = None, updated: str = "") -> Json:
    """A Flag that a clinician closed."""
    period = {name: value for name, value in flag.get("period", {}).items() if name != "end"}
    meta = {"versionId": "2"} | ({"lastUpdated": updated} if updated else {})
    return flag | {"status": "inactive", "period": period | ({"end": end} if end else {}), "meta": meta}


def _naming(flag: Json, spelling: str) -> Json:
    """A Flag whose server spells the references in its own way."""
    spelled = json.dumps(flag).replace('"Observation/', f'"{spelling.partition("Observation/")[0]}Observation/')
    ending = spelling.partition("{id}")[2]
    read: Json = json.loads(spelled)
    for one in read["extension"]:
        if one["url"].endswith("/flag-detail"):
            one["valueReference"]["reference"] += ending
    return read


@pytest.mark.parametrize("sent", [(PLAN,), ()], ids=["the other part is sent", "it is not sent"])
def test_a_flag_of_which_a_part_is_withdrawn_stays_open_and_says_which(sent: tuple[Json, ...]) -> None:
    flag = _raised(THOUGHTS, PLAN, as_of=p.day(41))
    assert len(evidence_of(flag)) == 2
    told = tell(_withdrawn(THOUGHTS), *sent, flag)
    assert told.flags == [flag]
    assert told.urgent
    assert "withdrawn (entered in error), and the rest was not: Observation/44260-8-45." in told.words
    assert "withdrawn (entered in error), and" not in tell(THOUGHTS, *sent, flag).words


def test_a_flag_of_which_every_part_is_withdrawn_was_an_error() -> None:
    flag = _raised(THOUGHTS, PLAN, as_of=p.day(41))
    told = tell(_withdrawn(THOUGHTS), _withdrawn(PLAN), flag)
    assert told.states() == [(RECORDED, "entered-in-error", "PH")]
    assert not told.urgent


def test_a_part_that_is_met_without_the_other_keeps_the_flag_and_is_all_it_names() -> None:
    thoughts, plan = p.answer(2, 3), p.said("93249-1", 3)
    told = tell(_withdrawn(thoughts), plan, _raised(thoughts, plan))
    assert told.states()[0] == (RECORDED, "active", "PH")
    assert evidence_of(told.flag(RECORDED)) == ["Observation/93249-1-3"]


def test_a_pair_of_which_a_part_is_withdrawn_was_an_error() -> None:
    told = tell(DEPRESSED[0], _withdrawn(DEPRESSED[1]), _raised(*DEPRESSED, rule=LOW_GRADE))
    assert told.states() == [(LOW_GRADE, "entered-in-error", "PL")]


UNREADABLE: dict[str, Json] = {
    "words": p.answer(0, 1, valueCodeableConcept=None, valueString="several days, worse since Monday"),
    "declined": p.answer(0, 1, valueCodeableConcept=None, dataAbsentReason=p.coded("x", "asked-declined")),
    "total without item 9": p.score(24, 1),
    "another question, undated": p.said("93247-5", 0, effectiveDateTime=None, name="undated"),
    "the same question, undated": p.answer(2, None, name="undated"),
}


@pytest.mark.parametrize("shape", UNREADABLE)
def test_a_positive_that_was_closed_does_not_silence_what_cannot_be_read(shape: str) -> None:
    positive = p.answer(2, 20)
    assert tell(positive, UNREADABLE[shape]).states() == [(RECORDED, "active", "PH")]
    told = tell(positive, UNREADABLE[shape], _closed(_raised(positive), p.day(18)))
    assert told.states() == [(NOT_READABLE, "active", "PM")]
    assert f"raises no flag: closed by a clinician on {p.day(18)}" in told.words
    assert len(told.plans) == 1


NOON, EVENING = "T12:00:00Z", "T20:00:00Z"


@pytest.mark.parametrize(
    ("end", "updated", "changed", "opens"),
    [
        (p.day(18), "", p.day(10) + NOON, True),
        (p.day(18), "", p.day(19) + NOON, False),
        (p.day(18), "", p.day(18) + NOON, True),
        (p.day(18), p.day(18) + EVENING, p.day(18) + NOON, False),
        (p.day(18), p.day(18) + NOON, p.day(18) + EVENING, True),
        (p.day(18), p.day(2) + NOON, p.day(18) + NOON, True),
        (p.day(18) + NOON, "", p.day(18) + EVENING, True),
        (p.day(18) + EVENING, "", p.day(18) + NOON, False),
        (None, p.day(18) + NOON, p.day(18) + EVENING, True),
        (None, p.day(18) + EVENING, p.day(18) + NOON, False),
        (None, "", p.day(10) + NOON, True),
        (None, "", p.day(20) + NOON, False),
        (None, "", None, False),
    ],
)
def test_a_correction_after_the_closing_opens_a_safety_flag(
    end: str | None, updated: str, changed: str | None, opens: bool
) -> None:
    answer = p.answer(1, 20, name="nine")
    worse = p.answer(3, 20, name="nine", status="amended", meta={"lastUpdated": changed} if changed else None)
    told = tell(worse, _closed(_raised(answer), end, updated))
    assert told.states() == ([(RECORDED, "active", "PH")] if opens else [])
    assert told.urgent == opens


@pytest.mark.parametrize(("updated", "opens"), [(p.day(2) + NOON, False), (p.day(5) + NOON, True), ("", False)])
def test_without_an_end_the_last_update_of_a_flag_tells_when_it_was_closed(updated: str, opens: bool) -> None:
    flag = _closed(_raised(*DEPRESSED, rule=LOW_GRADE), None, updated)
    told = tell(DEPRESSED[0] | {"meta": {"lastUpdated": p.day(3) + NOON}}, DEPRESSED[1], flag)
    assert bool(told.flags) == opens


def test_evidence_that_cannot_be_compared_is_never_taken_for_what_was_closed() -> None:
    nameless, plan = p.answer(1, 3, id=None), p.said("93249-1", 3, id=None)
    flag = _closed(_raised(nameless), p.day(1))
    assert tell(nameless, plan, flag).states() == [(RECORDED, "active", "PH")]


def test_evidence_without_an_id_is_compared_by_its_identifier() -> None:
    def known_as(value: str) -> Json:
        return p.answer(1, 3, id=None, identifier=[{"system": "urn:lab", "value": value}])

    flag = _closed(_raised(known_as("a")), p.day(1))
    assert tell(known_as("a"), flag).states() == []
    assert tell(known_as("b"), flag).states() == [(RECORDED, "active", "PH")]


SPELLINGS = ("http://ehr.example.org/fhir/Observation/{id}", "Observation/{id}/_history/1")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_evidence_is_recognised_however_a_server_spells_it(spelling: str) -> None:
    nine = p.answer(3, 20)
    flag = _naming(_raised(nine), spelling)
    assert evidence_of(flag) == [spelling.format(id="44260-8-20")]
    assert tell(nine, _closed(flag, p.day(18))).states() == []
    assert tell(_withdrawn(nine), flag).states() == [(RECORDED, "entered-in-error", "PH")]


def test_a_flag_that_says_the_same_is_not_written_again_because_of_an_address() -> None:
    flag = _naming(_raised(*DEPRESSED, rule=LOW_GRADE), SPELLINGS[0])
    assert tell(*DEPRESSED, flag, as_="transaction").flags == []
    again = tell(DEPRESSED[0], p.crp(5, 4, meta={"security": [{"system": "urn:x", "code": "R"}]}), flag)
    assert evidence_of(again.flag(LOW_GRADE)) == evidence_of(flag)


def test_a_version_that_a_flag_names_does_not_outlive_the_next() -> None:
    flag = _naming(_raised(*DEPRESSED, rule=LOW_GRADE), SPELLINGS[1])
    assert evidence_of(tell(*DEPRESSED, flag).flag(LOW_GRADE)) == ["Observation/44261-6-5", "Observation/crp-30522-7-4"]


def test_an_answer_that_was_corrected_to_not_at_all_leaves_the_flag_open_and_says_that_it_changed() -> None:
    flag = _raised(p.answer(3, 20, name="nine"))
    told = tell(p.answer(0, 20, name="nine", status="corrected"), flag)
    assert told.flags == [flag]
    assert told.urgent
    assert "An entry it names was changed since, so that its text may no longer hold: Observation/nine." in told.words
    assert "nothing in the data received changes or closes it" not in told.words


def test_data_that_come_late_leave_one_open_flag_of_an_episode() -> None:
    known, late = (p.score(13, 9), p.crp(4.6, 8)), (p.score(12, 19), p.crp(3.9, 18))
    flag = _raised(*known, rule=LOW_GRADE)
    told = tell(*known, *late, flag)
    assert [(one["status"], one["period"]["start"]) for one in told.flags] == [
        ("active", p.day(18)),
        ("inactive", p.day(8)),
    ]
    assert is_closed_by_rule(told.flags[1])
    again = tell(*known, *late, stored(told.flags[0], "g"), told.flags[1])
    assert [(one["status"], one["id"]) for one in again.flags] == [("active", "g")]


def test_flags_that_share_an_identifier_are_told_apart() -> None:
    flag = _raised(*DEPRESSED, rule=LOW_GRADE)
    one, other = flag | {"id": "one", "language": "en"}, flag | {"id": "other", "language": "de"}
    for order in ((one, other), (other, one)):
        told = tell(*DEPRESSED, *order)
        assert [(kept["id"], kept["language"]) for kept in told.flags] == [(order[0]["id"], order[0]["language"])]
        assert f"Flag/{order[1]['id']} has the identifier of another Flag" in told.words


def test_plans_that_share_an_identifier_are_told_apart() -> None:
    plan = stored(tell(*DEPRESSED).plans[0], "one")
    one, other = plan | {"language": "en"}, plan | {"id": "other", "language": "de"}
    told = tell(p.score(3, 1), one, other)
    assert [(kept["status"], kept["id"], kept["language"]) for kept in told.plans] == [("revoked", "one", "en")]


def test_a_flag_that_is_closed_keeps_its_limits_and_the_footer() -> None:
    flag = _raised(*DEPRESSED, rule=LOW_GRADE)
    error = tell(_withdrawn(DEPRESSED[0]), DEPRESSED[1], flag)
    for told in (tell(*DEPRESSED, p.crp(1, 1), flag), error):
        (closed,) = told.flags
        assert closed["status"] in ("inactive", "entered-in-error")
        assert closed["code"]["text"].endswith(f"{LIMITS[rule_of(closed)]} {FOOTER}")
        assert closed["text"]["div"].count(FOOTER) == 1


def test_an_open_flag_without_an_id_is_told_by_its_identifier() -> None:
    flag = {name: value for name, value in _raised(THOUGHTS, as_of=p.day(41)).items() if name != "id"}
    told = tell(THOUGHTS, flag)
    assert f"The open Flag with the identifier {flag['identifier'][0]['value']} ({RECORDED}) stays" in told.words


BAD_NAMES = ("../Patient/x", "..", ".", "a b", "a\r\nX-Y: z", "", "ä", "a" * 65)


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("element", ["id", "meta.versionId"])
def test_an_id_that_is_none_never_gets_into_a_request(name: str, element: str) -> None:
    first = tell(*DEPRESSED)
    for kept in (first.flag(LOW_GRADE), first.plans[0]):
        held = stored(kept, "f")
        if element == "id":
            held["id"] = name
        else:
            held["meta"]["versionId"] = name
        told = Told(check(p.request(p.bundle(p.person(), p.score(15, 1), DEPRESSED[1], held), as_="transaction")))
        assert told.rejected() == {f"Bundle.entry[3].resource.{element}": "value"}
        transaction = json.loads(told.body)["parameter"][0]["resource"]
        assert {one["request"]["method"] for one in transaction["entry"]} == {"POST"}


def test_what_is_said_of_a_made_up_patient_is_marked_as_made_up() -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    other = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
    patient = p.person(meta={"security": [label, other]})
    first = Told(check(p.request(p.bundle(patient, *DEPRESSED))))
    assert [one["meta"]["security"] for one in (*first.flags, *first.plans)] == [[label], [label]]
    flag, plan = _raised(*DEPRESSED, rule=LOW_GRADE), stored(tell(*DEPRESSED).plans[0], "c")
    again = Told(check(p.request(p.bundle(patient, p.score(3, 1), p.crp(1, 1), flag, plan))))
    assert [one["status"] for one in (*again.flags, *again.plans)] == ["inactive", "revoked"]
    assert [one["meta"]["security"] for one in (*again.flags, *again.plans)] == [[label], [label]]
