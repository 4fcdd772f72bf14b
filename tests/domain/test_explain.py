"""Does plain English cover every word, and does it say what the word says?"""

import ast
import dataclasses
import inspect
from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain import criteria as c
from service.domain import evaluation, explain
from service.domain.analytes import ANALYTES, CRP, SNFL, SODIUM
from service.domain.concepts import ITEM_9, SUICIDALITY_ITEMS, Concept, DrugGroup, Item
from service.domain.explain import ONLY_A_CLINICIAN, narrate, steps, what_clears
from service.domain.instruments import COGNITION, DEPRESSION, INSTRUMENTS, MOOD, PHQ9
from service.domain.names import called
from service.domain.reads import Subject
from service.domain.rule import Rule
from service.domain.verdict import Verdict
from service.rules import RULES
from tests.domain.asking import asked
from tests.domain.charts import answer, rule_named

DAYS = timedelta
STEROIDS = (DrugGroup.STEROID_SYSTEMIC,)
WORSE, ELEVATED = c.Worsened(DEPRESSION), c.Elevated(DEPRESSION)
RELAPSE = c.Occurred(Concept.RELAPSE, DAYS(30), DAYS(60))
PSYCHOSIS = c.Recorded((Concept.PSYCHOSIS,), DAYS(30))
LOW = (c.MarkerClass.LOW,)

# Every word, with what its sentence must name.
SPOKEN: list[tuple[c.Criterion, tuple[str, ...]]] = [
    (c.AllOf((WORSE, ELEVATED)), ("all of", "; ")),
    (c.AnyOf((WORSE, ELEVATED)), ("any of",)),
    (c.AtLeast(2, (WORSE, ELEVATED)), ("at least 2 of",)),
    (c.Not(ELEVATED), ("not (",)),
    (c.Paired(ELEVATED, RELAPSE), ("at that date", "relapse")),
    (c.Defined("acute infection", PSYCHOSIS), ("acute infection", "psychosis")),
    (c.Now(PSYCHOSIS), ("now",)),
    (c.Documented(PSYCHOSIS), ("documented",)),
    (c.Documented(PSYCHOSIS, RELAPSE), ("ruled out only when", "relapse")),
    (c.WhenMeasured(WORSE), ("where measured",)),
    (c.NoneMet(("crp-unreadable",)), ("crp-unreadable",)),
    (WORSE, ("depression", "30 days", "14 to 90 days", "365 days")),
    (c.Worsened(MOOD, or_first_elevated=True), ("without any earlier score",)),
    (ELEVATED, ("depression", "elevated", "30 days")),
    (c.Elevated(MOOD, within=DAYS(30)), ("within 30 days of that day",)),
    (
        c.ScoredAtLeast(DEPRESSION, c.Band.ANY, DAYS(30), Verdict.NOT_MET),
        ("exists", "30 days before", "up to now"),
    ),
    (c.ScoredAtLeast(DEPRESSION, c.Band.MILD, DAYS(1), Verdict.NOT_MET), ("mild", "1 day before")),
    (c.Persistent(DEPRESSION, DAYS(56)), ("56 days", "120 days")),
    (
        c.Persistent(DEPRESSION, DAYS(56), over=DAYS(365), lowest_above=Decimal("0.5")),
        ("within 365 days", "above 0.5 of the first"),
    ),
    (c.Fell(COGNITION), ("cognition", "lower")),
    (c.BeganWithin(WORSE, DAYS(90)), ("90 days",)),
    (c.AtNewest(COGNITION, c.Fell(COGNITION)), ("newest cognition", "lower")),
    (c.BaselineAfter(WORSE, RELAPSE), ("baseline",)),
    (c.MarkerNear(CRP, LOW, Verdict.UNKNOWN), ("CRP", "30 days", "at most 3.0")),
    (
        c.MarkerNear(CRP, (c.MarkerClass.LOW_GRADE,), Verdict.UNKNOWN, not_followed_by=LOW),
        ("above 3.0 and at most 10.0", "none at most 3.0 after it"),
    ),
    (c.MarkerNear(CRP, (), Verdict.UNKNOWN), ("of any value",)),
    (c.MarkerSeen(CRP, LOW, DAYS(30), DAYS(30), Verdict.UNKNOWN), ("a CRP", "at most 3.0")),
    (c.MarkerSeen(CRP, LOW, DAYS(-1), None, Verdict.UNKNOWN, consecutive=2), ("2", "CRP")),
    (c.MarkerSeen(CRP, c.READABLE, DAYS(90), None, Verdict.UNKNOWN), ("readable",)),
    (c.LatestMarker(CRP, (c.MarkerClass.HIGH,), DAYS(30), above=Decimal(100)), ("above 10.0", "above 100")),
    (c.LatestMarker(CRP, (c.MarkerClass.INDETERMINATE, *LOW), None), ("not certain or at most 3.0",)),
    (c.SustainedMarker(CRP, DAYS(14), DAYS(180), PSYCHOSIS), ("14 to 180 days", "psychosis")),
    (c.ResultNear((SODIUM,), DAYS(60), None, below=Decimal(130)), ("sodium", "below 130")),
    (c.ResultNear((SODIUM,), DAYS(60), None, above=Decimal(5)), ("above 5",)),
    (c.ResultNear((SODIUM,), DAYS(60), None, at_least=Decimal(38)), ("at least 38",)),
    (c.ResultNear((SNFL, CRP), DAYS(60), None, beyond_reference=True), ("reference range", " or ")),
    (c.ResultNear((SNFL,), None, None, positive=True, newest_only=True), ("newest", "positive", "at any time")),
    (c.Supplied((SNFL,), (PHQ9,), DAYS(30)), ("PHQ-9", "measured")),
    (c.Diagnosed(Concept.MS_FAMILY), ("diagnosis",)),
    (PSYCHOSIS, ("psychosis", "30 days before")),
    (c.Recorded((Concept.MOOD_HISTORY,), before=None), ("at any time",)),
    (c.Recorded((Concept.RELAPSE,), DAYS(30), denied=True), ("relapse",)),
    (c.Recorded((Concept.INFECTION,), DAYS(365), also=Concept.INPATIENT), ("together with",)),
    (RELAPSE, ("30 days before", "60 days after", "relapse")),
    (c.Occurred(Concept.RELAPSE, DAYS(30), DAYS(180), beyond=DAYS(60), began_near=True), ("61", "180 days")),
    (c.Exposed(STEROIDS), ("in use",)),
    (c.Exposed(STEROIDS, lead=DAYS(1), trailing=DAYS(28)), ("28 days", "1 day")),
    (c.Exposed(STEROIDS, trailing=None), ("ever",)),
    (c.Started(((STEROIDS[0], DAYS(90)), (DrugGroup.IL2, DAYS(180)))), ("90 days", "180 days")),
    (c.Ended(STEROIDS, DAYS(28)), ("28 days",)),
    (c.SteadilyTreated(DrugGroup.ANTIDEPRESSANT, DAYS(42), DAYS(28)), ("42 days", "28 days")),
    (c.TreatmentChanged(DrugGroup.ANTIDEPRESSANT), ("antidepressant",)),
    (c.Answered(ITEM_9), ("30 days",)),
    (c.Answered((Item.ACE,), before=None, times=4), ("4",)),
    (c.Answered(ITEM_9, at_least=None, since=True), ("since",)),
    (c.TotalWithoutItem((PHQ9,), ITEM_9, 25), ("PHQ-9", "25", "item 9")),
    (c.UnreadableAnswer(SUICIDALITY_ITEMS), ("cannot be read",)),
    (c.Unplaced(c.Answered(ITEM_9)), ("date", "subject")),
    (c.StalePositive(SUICIDALITY_ITEMS, "suicidality-recorded", DAYS(90)), ("90 days",)),
    (c.ItemSum(PHQ9, (3, 4), Decimal("0.6"), share=True), ("items 3, 4", "0.6 of all points")),
    (c.ItemSum(PHQ9, (1,), 2), ("item 1",)),
    (c.HistoryKnown(DEPRESSION), ("history",)),
    (
        c.Due(
            DEPRESSION,
            (
                c.Routine(Concept.NEURO_IMD, DAYS(365)),
                c.AfterRelapse(Concept.NEURO_IMD, (DAYS(14),), DAYS(365)),
                c.AfterStart((DrugGroup.IL2,), (DAYS(28),), DAYS(180)),
            ),
            DAYS(14),
            DAYS(30),
        ),
        ("365 days", "14", "28"),
    ),
    (c.MoodCleared(DEPRESSION), ("depression", "14 days", "2")),
    (c.BackBelow(DEPRESSION), ("below elevated",)),
    (c.Halved(DEPRESSION, Decimal("0.5")), ("0.5",)),
    (c.Elapsed(DAYS(90)), ("90 days",)),
]


@pytest.mark.parametrize(("word", "named"), SPOKEN, ids=lambda v: type(v).__name__)
def test_a_word_is_spoken_with_its_numbers(word: c.Criterion, named: tuple[str, ...]) -> None:
    said = narrate(word)
    for part in named:
        assert part in said, said
    assert "  " not in said
    assert "None" not in said


def test_every_word_is_spoken_and_evaluated() -> None:
    assert {type(word) for word, _ in SPOKEN} == set(c.WORDS)
    assert set(evaluation.CHECKS) == set(c.WORDS)


@pytest.mark.parametrize(
    "subject",
    [*Concept, *DrugGroup, *Item, *INSTRUMENTS, *ANALYTES],
    ids=lambda subject: getattr(subject, "key", subject),
)
def test_everything_that_rules_read_has_a_name(subject: Subject) -> None:
    name = called(subject)
    assert name
    assert "_" not in name


def test_every_reader_ends_where_no_word_is_left() -> None:
    """A new word does not pass the type check until it is spoken."""
    assert "assert_never" in {
        node.func.id
        for node in ast.walk(ast.parse(inspect.getsource(explain)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_spoken(rule: Rule) -> None:
    words = [
        rule.when,
        *(case.when for case in rule.cases),
        *(note.when for note in rule.notes),
        rule.population,
        rule.clears,
    ]
    for word in words:
        if word is not None:
            assert len(narrate(word)) > 10


def test_what_clears_a_flag_is_said() -> None:
    assert what_clears(rule_named("suicidality-recorded")) == ONLY_A_CLINICIAN
    text = what_clears(rule_named("depression-with-low-grade-inflammation"))
    assert text.startswith("Clears when ")
    assert text is what_clears(rule_named("depression-with-low-grade-inflammation"))


def test_what_clears_follows_the_rule_and_not_its_name() -> None:
    rule = rule_named("mood-screening-overdue")
    other = dataclasses.replace(rule, clears=c.Elapsed(DAYS(123)))
    assert "123 days" in what_clears(other)
    assert "123 days" not in what_clears(rule)


FOUND = [
    (WORSE, "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago", "PHQ-9 5 (2026-05-01) to 12 (2026-06-25)"),
    (c.Worsened(DEPRESSION, or_first_elevated=True), "PHQ-9 12, 5 days ago", "PHQ-9 12 (2026-06-25)"),
    (ELEVATED, "PHQ-9 12, 5 days ago", "PHQ-9 12 (2026-06-25)"),
    (ELEVATED, "", "no usable depression score in the last 30 days"),
    (c.Persistent(DEPRESSION, DAYS(56)), "PHQ-9 14, 65 days ago; PHQ-9 12, 5 days ago", "PHQ-9 14 (2026-04-26) to 12"),
    (c.LatestMarker(CRP, LOW, None), "CRP 2.50 mg/L, 5 days ago", "CRP 2.5 mg/L (2026-06-25)"),
    (RELAPSE, "relapse, 20 days ago", "relapse on 2026-06-10"),
    (c.Exposed(STEROIDS), "prednisone from 20 to 0 days ago", "prednisone from 2026-06-10 to 2026-06-30"),
    (c.Answered(ITEM_9), "PHQ-9 item 9 = 1, 5 days ago", "PHQ-9 item 9 = 1 (2026-06-25)"),
    (PSYCHOSIS, "psychosis, 5 days ago", "psychosis (2026-06-25)"),
    (PSYCHOSIS, "", ""),
]


@pytest.mark.parametrize(("word", "given", "said"), FOUND)
def test_the_values_behind_an_outcome_are_said(word: c.Criterion, given: str, said: str) -> None:
    step = steps(asked(word, given))
    assert step.text.startswith(narrate(word))
    assert said in step.text
    assert step.text.endswith(")") or said in ("", step.text.partition(": ")[2])


def test_steps_nest_as_the_criterion_does() -> None:
    step = steps(asked(c.AllOf((ELEVATED, c.Not(RELAPSE))), "PHQ-9 12, 5 days ago"))
    assert [part.verdict for part in step.inner] == [Verdict.MET, Verdict.MET]
    assert step.inner[1].inner[0].verdict is Verdict.NOT_MET
    assert [source.reference for source in step.evidence] == ["Example/1"]


def test_every_trace_of_every_rule_can_be_told() -> None:
    for given in ("", "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago"):
        for found in answer(given).results:
            if found.outcome is not None:
                assert steps(found.outcome).text
