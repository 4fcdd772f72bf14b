"""Do the stated needs of a rule cover everything it reads, as far back as it looks?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import criteria as c
from service.domain.analytes import CRP, SNFL
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.examples import TODAY, read_example
from service.domain.instruments import PHQ9
from service.domain.needs import needs
from service.domain.reads import inner_words, own_subjects
from service.rules import RULES
from tests.domain.charts import alone, answer, result, rule_named
from tests.domain.generated import TEXTS

if TYPE_CHECKING:
    from service.domain.facts import Chart
    from service.domain.reads import Subject
    from service.domain.rule import Rule

R03, R04, R05 = (
    "mood-worsening-near-relapse",
    "depression-with-low-grade-inflammation",
    "sustained-low-grade-inflammation",
)
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def reach(rule: Rule) -> dict[Subject, int | None]:
    """How many days back each thing is read (None: ever)."""
    found: dict[Subject, int | None] = {}
    for need in needs(rule):
        for subject in need.subjects:
            known = found.get(subject, 0)
            found[subject] = None if need.days is None or known is None else max(known, need.days)
    return found


def every_subject(word: c.Criterion) -> set[Subject]:
    return {*own_subjects(word)}.union(*(every_subject(part) for part in inner_words(word)))


@each_rule
def test_everything_a_rule_reads_is_needed(rule: Rule) -> None:
    words = [
        rule.when,
        *(case.when for case in rule.cases),
        *(note.when for note in rule.notes),
        rule.population,
        rule.clears,
    ]
    words += [action.when for action in rule.plan]
    read = {subject for word in words if word is not None for subject in every_subject(word)}
    assert read <= set(reach(rule))
    assert needs(rule)[0].resource_type == "Patient"


@each_rule
def test_no_need_is_stated_twice(rule: Rule) -> None:
    stated = [(need.resource_type, subject) for need in needs(rule) for subject in need.subjects]
    assert len(stated) == len(set(stated))
    assert len({(need.resource_type, need.days) for need in needs(rule)}) == len(needs(rule))


@pytest.mark.parametrize(
    ("rule", "subject", "kinds"),
    [
        (R04, PHQ9, {"Observation", "QuestionnaireResponse"}),
        (R04, CRP, {"Observation"}),
        (
            R04,
            DrugGroup.IL6_INHIB,
            {
                "MedicationRequest",
                "MedicationStatement",
                "MedicationAdministration",
                "MedicationDispense",
            },
        ),
        (R04, Concept.VACCINATION, {"Immunization"}),
        (R04, Concept.SURGERY, {"Procedure", "Condition"}),
        (R03, Concept.RELAPSE, {"Condition", "Observation", "Encounter", "DiagnosticReport"}),
        (R03, Concept.NEURO_IMD, {"Condition"}),
        ("suicidality-recorded", Item.PHQ9_9, {"Observation", "QuestionnaireResponse"}),
    ],
)
def test_in_which_resources_a_thing_is_looked_for(rule: str, subject: Subject, kinds: set[str]) -> None:
    assert {need.resource_type for need in needs(rule_named(rule)) if subject in need.subjects} == kinds


def test_how_far_back_things_are_read() -> None:
    grade, near = reach(rule_named(R04)), reach(rule_named(R03))
    assert (grade[CRP] or 0) >= 30 + 30 + 28
    assert grade[DrugGroup.IL6_INHIB] is None
    assert near[Concept.NEURO_IMD] is None
    assert reach(rule_named(R05))[CRP] == 240 + 28
    assert reach(rule_named("mood-worsening-before-relapse"))[SNFL] == 60


def test_a_total_may_have_to_be_made_of_its_items() -> None:
    assert {Item(f"phq-9-item-{n}") for n in range(1, 10)} <= set(reach(rule_named(R04)))
    anxious = reach(rule_named("anxiety-worsening-with-immune-activity"))
    assert {Item(f"gad-7-item-{n}") for n in range(1, 8)} <= set(anxious)


def cut(chart: Chart, rule: Rule) -> Chart:
    """The chart without everything that is older than the rule's need of it."""
    days = reach(rule)

    def is_needed(subject: Subject, last: int | None) -> bool:
        limit = days.get(subject, 0)
        return subject in days and (limit is None or last is None or last >= TODAY - limit)

    return chart._replace(
        scores=tuple(s for s in chart.scores if is_needed(s.instrument, s.last)),
        answers=tuple(a for a in chart.answers if is_needed(a.item, a.last)),
        results=tuple(r for r in chart.results if is_needed(r.analyte, r.last)),
        records=tuple(r for r in chart.records if any(is_needed(concept, r.last) for concept in r.concepts)),
        exposures=tuple(e for e in chart.exposures if is_needed(e.group, e.end)),
    )


@given(TEXTS, st.sampled_from(RULES))
def test_older_facts_do_not_change_a_verdict(text: str, rule: Rule) -> None:
    chart = read_example(text)
    whole = result(answer(chart, rule_set=alone(rule)), rule.name)
    recent = result(answer(cut(chart, rule), rule_set=alone(rule)), rule.name)
    assert (whole.verdict, whole.because) == (recent.verdict, recent.because)
