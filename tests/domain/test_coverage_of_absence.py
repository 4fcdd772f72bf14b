"""Where a verdict rests on something not being there, does an incomplete retrieval leave it open?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain import criteria as c
from service.domain.analytes import CRP, SNFL, TEMPERATURE
from service.domain.concepts import ITEM_9, SUICIDALITY_ITEMS, Concept, DrugGroup, Item
from service.domain.examples import TODAY, read_example
from service.domain.instruments import COGNITION, DEPRESSION, PHQ9
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import asked

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
DAYS = timedelta
STEROIDS = (DrugGroup.STEROID_SYSTEMIC,)
LOW = (c.MarkerClass.LOW,)
POSITIVE = c.Answered(ITEM_9)

# Each word with a patient of whom it is NOT_MET because nothing was found, and the resource type it would be found in.
RESTING_ON_ABSENCE = [
    (c.Diagnosed(Concept.MS_FAMILY), "", "Condition"),
    (c.Recorded((Concept.INFECTION,), DAYS(30)), "", "Condition"),
    (c.Recorded((Concept.VACCINATION,), DAYS(7)), "", "Immunization"),
    (c.Recorded((Concept.SURGERY,), DAYS(28)), "", "Procedure"),
    (c.Recorded((Concept.INPATIENT,), DAYS(28)), "", "Encounter"),
    (c.Recorded((Concept.SUICIDALITY,), DAYS(28)), "", "Observation"),
    (c.Recorded((Concept.RELAPSE,), DAYS(28), denied=True), "", "Observation"),
    (c.Occurred(Concept.RELAPSE, DAYS(30), DAYS(60)), "", "Encounter"),
    (c.Occurred(Concept.RELAPSE, DAYS(30), DAYS(60)), "relapse, 300 days ago", "Condition"),
    (c.Exposed(STEROIDS), "", "MedicationRequest"),
    (c.Exposed(STEROIDS), "prednisone from 300 to 200 days ago", "MedicationStatement"),
    (c.Started(((STEROIDS[0], DAYS(90)),)), "", "MedicationDispense"),
    (c.SteadilyTreated(DrugGroup.ANTIDEPRESSANT, DAYS(42), DAYS(28)), "", "MedicationAdministration"),
    (c.TreatmentChanged(DrugGroup.ANTIDEPRESSANT), "", "MedicationRequest"),
    (c.MarkerNear(CRP, LOW, NO), "", "Observation"),
    (c.MarkerSeen(CRP, LOW, DAYS(30), None, NO), "", "Observation"),
    (c.MarkerSeen(CRP, LOW, DAYS(30), None, NO), "CRP 5 mg/L, 3 days ago", "Observation"),
    (c.ResultNear((TEMPERATURE,), DAYS(7), DAYS(2), at_least=Decimal(38)), "", "Observation"),
    (c.ResultNear((SNFL,), DAYS(7), DAYS(2), beyond_reference=True), "", "DiagnosticReport"),
    (c.ScoredAtLeast(DEPRESSION, c.Band.ANY, DAYS(30), NO), "", "QuestionnaireResponse"),
    (c.ScoredAtLeast(DEPRESSION, c.Band.MILD, DAYS(30), NO), "PHQ-9 2, 3 days ago", "QuestionnaireResponse"),
    (POSITIVE, "PHQ-9 item 9 = 0, 3 days ago", "QuestionnaireResponse"),
    (c.TotalWithoutItem((PHQ9,), ITEM_9, 25), "", "Observation"),
    (c.UnreadableAnswer(SUICIDALITY_ITEMS), "", "Observation"),
    (c.Unplaced(POSITIVE), "PHQ-9 item 9 = 0, 3 days ago", "Observation"),
    (c.StalePositive(SUICIDALITY_ITEMS, "suicidality-recorded", DAYS(90)), "", "Observation"),
    (c.Answered((Item.ACE,), before=None), "ACE 1 = no, 3 days ago", "Observation"),
]


@pytest.mark.parametrize(("word", "given", "kind"), RESTING_ON_ABSENCE)
def test_what_was_not_retrieved_cannot_be_ruled_out(word: c.Criterion, given: str, kind: str) -> None:
    chart = read_example(given)
    assert asked(word, chart).verdict is NO
    found = asked(word, chart._replace(not_covered={kind: "the retrieval failed"}))
    assert found.verdict is OPEN
    assert {lack.want for lack in found.lacks} == {Want.NOT_COVERED}
    assert any("the retrieval failed" in lack.text for lack in found.lacks)


# Each word with a patient of whom it is UNKNOWN because nothing was measured.
RESTING_ON_A_MEASUREMENT = [
    (c.Worsened(DEPRESSION), ""),
    (c.Worsened(DEPRESSION), "PHQ-9 12, 3 days ago"),
    (c.Elevated(DEPRESSION), ""),
    (c.Fell(COGNITION), ""),
    (c.Fell(COGNITION), "MoCA 24, 3 days ago"),
    (c.ScoredAtLeast(DEPRESSION, c.Band.MILD, DAYS(30), OPEN), ""),
    (POSITIVE, ""),
    (c.MarkerNear(CRP, LOW, OPEN), ""),
    (c.LatestMarker(CRP, LOW, DAYS(30)), ""),
    (c.SustainedMarker(CRP, DAYS(14), DAYS(180), c.Recorded((Concept.SURGERY,), DAYS(1))), ""),
]


@pytest.mark.parametrize(("word", "given"), RESTING_ON_A_MEASUREMENT)
def test_a_failed_retrieval_is_told_apart_from_a_missing_measurement(word: c.Criterion, given: str) -> None:
    chart = read_example(given)
    assert {lack.want for lack in asked(word, chart).lacks} == {Want.MISSING}
    gap = asked(word, chart._replace(not_covered={"Observation": "the retrieval failed"}))
    assert {lack.want for lack in gap.lacks} == {Want.NOT_COVERED}


@pytest.mark.parametrize(
    ("word", "given"),
    [
        (c.Diagnosed(Concept.MS_FAMILY), "multiple sclerosis"),
        (c.Recorded((Concept.INFECTION,), DAYS(30)), "infection, 3 days ago"),
        (c.Exposed(STEROIDS), "prednisone from 20 days ago"),
        (POSITIVE, "PHQ-9 item 9 = 1, 3 days ago"),
        (c.Worsened(DEPRESSION), "PHQ-9 4, 60 days ago; PHQ-9 12, 3 days ago"),
    ],
)
def test_what_was_found_stands_whatever_else_is_missing(word: c.Criterion, given: str) -> None:
    kinds = ("Observation", "Condition", "MedicationRequest", "QuestionnaireResponse", "Encounter")
    chart = read_example(given)._replace(not_covered=dict.fromkeys(kinds, "the retrieval failed"))
    assert asked(word, chart, TODAY).verdict is YES


def test_a_type_in_which_nothing_could_be_found_leaves_nothing_open() -> None:
    word = c.Recorded((Concept.PSYCHOSIS,), DAYS(30))
    chart = read_example("a condition")._replace(not_covered={"Immunization": "the retrieval failed"})
    assert asked(word, chart).verdict is NO
