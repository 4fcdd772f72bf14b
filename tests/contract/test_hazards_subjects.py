"""Hazards about whose data these are, whom the rules are for, and an answer that would be silently empty."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import MissingSubject, MixedPatients, Problem
from service.fhir.outcomes import outcome_of_problem
from tests.contract import patients as p
from tests.contract.answers import Told, check, tell

OTHER = {"reference": "Patient/somebody-else"}
WORSE_MS = (p.condition(p.MS, 900), p.score(4, 60), p.score(14, 5), p.relapse(20))

SECOND: dict[str, dict[str, Any]] = {
    "a second Patient": {"resourceType": "Patient", "id": "q", "name": [{"family": "Nobodyknows"}]},
    "an answer": p.answer(2, 3, subject=OTHER),
    "an answer without value": p.observation("empty", "0000-0", 3, subject=OTHER),
    "a Condition": p.condition(p.MS, 900, subject=OTHER),
    "a medicine": p.taken("L04AC07", 100, subject=OTHER),
    "a vaccination": {"resourceType": "Immunization", "id": "i", "status": "completed", "patient": OTHER},
    "something no rule reads": {"resourceType": "AllergyIntolerance", "id": "a", "patient": OTHER},
    "a broken entry": p.answer(2, 3, subject=OTHER) | {"status": 5},
    "a Flag of ours": {
        "resourceType": "Flag",
        "id": "f",
        "status": "active",
        "identifier": [{"system": "https://moodmarker.org/fhir/sid/flag", "value": "x"}],
        "subject": OTHER,
    },
    "another server's patient of the same id": p.answer(
        2, 3, subject={"reference": "http://elsewhere.example.org/Patient/p"}
    ),
    "a contained Observation": p.observation(
        "outer", p.PHQ9_PANEL, 3, contained=[p.answer(2, 3, name="inner", subject=OTHER)]
    ),
    "a Bundle within": p.bundle(p.answer(2, 3, subject=OTHER)),
}
BASED = p.answer(0, 1, name="based", subject={"reference": "http://here.example.org/Patient/p"})


@pytest.mark.parametrize("what", SECOND)
@pytest.mark.parametrize("first", [True, False], ids=["before", "behind"])
def test_a_second_patient_refuses_everything(what: str, first: bool) -> None:
    resources = [SECOND[what], *WORSE_MS, BASED] if first else [*WORSE_MS, BASED, SECOND[what]]
    with pytest.raises(MixedPatients) as refused:
        check(p.request(p.bundle(p.person(), *resources)))
    assert refused.value.expression.startswith("Bundle.entry[")
    assert b"Nobodyknows" not in outcome_of_problem(refused.value)
    assert b"somebody-else" not in outcome_of_problem(refused.value)


SAME: dict[str, dict[str, Any]] = {
    "relative": {"reference": "Patient/p"},
    "absolute": {"reference": "http://here.example.org/Patient/p"},
    "with a version": {"reference": "Patient/p/_history/3"},
    "by identifier": {"identifier": {"system": "http://here.example.org/mrn", "value": "1"}},
}


@pytest.mark.parametrize("spelling", SAME)
def test_one_patient_in_several_spellings_is_one(spelling: str) -> None:
    person = p.person(identifier=[{"system": "http://here.example.org/mrn", "value": "1"}])
    told = Told(check(p.request(p.bundle(person, p.answer(1, 3, subject=SAME[spelling]), *WORSE_MS))))
    assert {"suicidality-recorded", "mood-worsening-near-relapse"} <= told.met


def test_people_other_than_the_subject_do_not_mix_patients() -> None:
    nine = p.answer(1, 3, performer=[{"reference": "Patient/somebody-else"}, {"reference": "RelatedPerson/mother"}])
    assert "suicidality-recorded" in tell(nine).met


def test_data_of_nobody_are_refused() -> None:
    with pytest.raises(MissingSubject):
        check(p.request(p.bundle(p.answer(2, 3, subject=None))))


@pytest.mark.parametrize(
    ("born", "runs"), [("2008-11-20", True), ("2008-11-21", False), ("2008", False), ("2007", True)], ids=str
)
def test_rules_for_adults_begin_on_the_eighteenth_birthday(born: str, runs: bool) -> None:
    told = tell(*WORSE_MS, p.answer(1, 3), born=born)
    unsure = born == "2008"
    assert ("mood-worsening-near-relapse" in told.met) == (runs or unsure)
    assert "suicidality-recorded" in told.met
    assert ("age is not known" in told.words) == unsure


def test_safety_rules_read_children() -> None:
    told = tell(p.condition("69322001", 20), p.condition("91175000", 10), born="2014-06-01")
    assert told.met == {"acute-psychosis-or-mania", "autoimmune-encephalitis-red-flags"}
    assert told.urgent


def test_an_unknown_age_runs_the_rules_for_adults_and_says_so_in_each_text() -> None:
    told = tell(*WORSE_MS, born=None)
    assert "age is not known; adult rules were used" in told.text("mood-worsening-near-relapse")


def test_an_unknown_age_with_a_score_of_teenagers_is_a_child() -> None:
    assert not tell(*WORSE_MS, p.score(9, 5, p.PHQA), born=None).met


@pytest.mark.parametrize(
    "state",
    [
        p.observation("pregnant", "82810-3", 20, valueCodeableConcept=p.coded("http://snomed.info/sct", "77386006")),
        p.condition("Z33.1", 90),
    ],
    ids=["status", "diagnosis"],
)
def test_pregnancy_switches_crp_off_and_allows_its_own_scale(state: dict[str, Any]) -> None:
    depressed = (p.score(15, 5, "99046-5"), p.crp(6, 4))
    assert tell(*depressed).met == {"depression-with-low-grade-inflammation"}
    assert not tell(*depressed, state).met


@pytest.mark.parametrize(
    "deceased", [{"deceasedBoolean": True}, {"deceasedDateTime": p.day(2)}, {"deceasedDateTime": "2026"}]
)
def test_nothing_is_evaluated_of_the_dead(deceased: dict[str, Any]) -> None:
    told = Told(check(p.request(p.bundle(p.person(**deceased), p.answer(3, 3), *WORSE_MS))))
    assert not told.flags
    assert not told.urgent
    assert "deceased" in told.words


def test_a_death_after_the_as_of_day_is_not_known_yet() -> None:
    assert Told(check(p.request(p.bundle(p.person(deceasedDateTime=p.day(-1)), p.answer(3, 3))))).urgent


def test_no_flags_and_could_not_evaluate_are_told_apart() -> None:
    healthy = tell(p.answer(0, 3), p.score(2, 3), p.crp(1, 3), p.condition("38341003", 900))
    nothing = tell(p.observation("height", "8302-2", 3))
    broken = tell(p.score(2, 3) | {"valueQuantity": "two"})
    assert not healthy.flags + nothing.flags + broken.flags
    assert "Nothing could be evaluated" not in healthy.words
    assert "Nothing could be evaluated" in nothing.words
    assert "Nothing could be evaluated" in broken.words
    assert broken.account["rejected"] == {"wrong-type": 1}
    assert healthy.verdicts["suicidality-recorded"] == "NOT_MET"
    assert nothing.verdicts["suicidality-recorded"] == broken.verdicts["suicidality-recorded"] == "UNKNOWN"


def test_every_entry_is_counted_once_and_every_rule_named() -> None:
    told = tell(
        None,
        p.answer(1, 3),
        p.answer(1, 3, name="again"),
        p.crp(5, 3, "MG/L"),
        p.observation("height", "8302-2", 3),
        p.score(4, 3) | {"valueQuantity": "four"},
        {"resourceType": "Nonsense"},
        p.answer(0, 2, status="cancelled"),
    )
    account = told.account
    assert account["received"] == 9
    assert account["used"] + account["notRead"] + sum(account["rejected"].values()) == 9
    assert account["rejected"] == {"duplicate": 1, "unit": 1, "wrong-type": 2, "status-cancelled": 1}
    undecided = [rule for rule, verdict in told.verdicts.items() if verdict == "UNKNOWN"]
    assert undecided
    assert all(told.why(rule) for rule in undecided)
    assert f"{len(told.verdicts)} rules" in told.words


def test_without_any_condition_new_diagnoses_are_unknown_and_not_excluded() -> None:
    told = tell(p.crp(1, 3))
    for rule in ("acute-psychosis-or-mania", "autoimmune-encephalitis-red-flags"):
        assert told.verdicts[rule] == "UNKNOWN"
        assert "no Condition in the data supplied" in told.why(rule)


def test_a_refusal_is_an_outcome_with_the_remedy() -> None:
    with pytest.raises(Problem) as refused:
        check(b'{"resourceType":"Bundle","type":"message","entry":[]}')
    assert "Bundle" in refused.value.text
