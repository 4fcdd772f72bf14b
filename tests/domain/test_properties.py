"""What holds for every patient?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from service.domain.analytes import Analyte
from service.domain.concepts import Concept
from service.domain.examples import AS_OF, TODAY, read_example
from service.domain.facts import Chart, Record, Result, Source
from service.domain.findings import Assessment, FlagState
from service.domain.rule import PRIORITY_ORDER
from service.domain.verdict import Verdict
from tests.domain.charts import EVERY_RULE, all_sent_back, alone, answer, result
from tests.domain.generated import CLAUSES, FACTS, TEXTS, only, sources

if TYPE_CHECKING:
    from service.domain.findings import FlagFinding, PlanProposal

SAFETY = ("suicidality-recorded", "acute-psychosis-or-mania", "autoimmune-encephalitis-red-flags")


def flagged(found: Assessment) -> list[tuple[object, ...]]:
    return [
        (
            f.rule.name,
            f.identifier,
            f.state,
            f.priority,
            f.start,
            f.end,
            f.sentence,
            frozenset(f.evidence),
            f.contributing,
        )
        for f in found.flags
    ]


def proposed(plan: PlanProposal | None) -> object:
    if plan is None:
        return None
    return plan.identifier, frozenset(
        (a.code.code, a.description, a.start, a.end, tuple(rule.name for rule in a.rules)) for a in plan.activities
    )


def said(found: Assessment) -> list[tuple[object, ...]]:
    return [(one.rule.name, one.verdict, one.because) for one in found.results]


def same(one: Assessment, other: Assessment) -> bool:
    assert said(one) == said(other)
    assert flagged(one) == flagged(other)
    assert proposed(one.plan) == proposed(other.plan)
    return one.urgent == other.urgent


@given(TEXTS)
def test_the_same_input_gives_the_same_answer(text: str) -> None:
    chart = read_example(text)
    one, other = answer(chart), answer(chart)
    assert same(one, other)
    assert [r.reason for r in one.results] == [r.reason for r in other.results]
    assert one.notices == other.notices


@given(TEXTS, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(text: str, random: object) -> None:
    chart = read_example(text)
    shuffled = {name: list(getattr(chart, name)) for name in FACTS}
    for facts in shuffled.values():
        random.shuffle(facts)  # type: ignore[attr-defined]
    other = chart._replace(**{name: tuple(facts) for name, facts in shuffled.items()})  # type: ignore[arg-type]
    one, two = answer(chart), answer(other)
    assert same(one, two)
    assert [r.reason for r in one.results] == [r.reason for r in two.results]


@given(TEXTS)
def test_exact_duplicates_change_nothing(text: str) -> None:
    chart = read_example(text)
    doubled = chart._replace(**{name: getattr(chart, name) * 2 for name in FACTS})
    assert same(answer(chart), answer(doubled))


@given(TEXTS)
def test_facts_of_other_measures_change_nothing(text: str) -> None:
    chart = read_example(text)

    apart = Source("Observation/unrelated", "Bundle.entry[800].resource")
    unrelated = chart._replace(
        results=(*chart.results, Result(Analyte("glucose", "glucose"), None, TODAY, TODAY, None, apart)),
        records=(*chart.records, Record(frozenset({Concept.SHOWN_ONLY}), TODAY, TODAY, None, apart)),
    )
    assert same(answer(chart), answer(unrelated))


@given(TEXTS, TEXTS)
def test_nothing_after_tomorrow_is_read(text: str, later: str) -> None:
    chart = read_example(text)
    ahead = moved(read_example(later), 1000)
    assert same(answer(chart), answer(joined(chart, ahead)))


@given(TEXTS, TEXTS)
def test_tomorrow_is_read_by_safety_rules_alone(text: str, later: str) -> None:
    chart = read_example(text)
    text = "; ".join(clause.partition(", ")[0] + ", in 1 day" for clause in later.split("; ") if ", " in clause)
    ahead = read_example("; ".join(clause for clause in text.split("; ") if clause))
    before, after = answer(chart), answer(joined(chart, ahead))
    ordinary = {rule.name for rule in EVERY_RULE.rules if not rule.safety} - withheld(before, after)
    assert [s for s in said(before) if s[0] in ordinary] == [s for s in said(after) if s[0] in ordinary]


def withheld(*answers: Assessment) -> set[str]:
    """What gives way to a safety rule that is met."""
    return {one.rule.name for found in answers for one in found.results if one.because in ("blocked", "part-of")}


def moved(chart: Chart, days: int) -> Chart:
    """The same facts so many days later, undated ones left out."""
    changed: dict[str, Any] = {}
    for name in ("scores", "answers", "results", "records"):
        facts = [fact for fact in getattr(chart, name) if fact.last - fact.first < 40]
        changed[name] = tuple(fact._replace(first=fact.first + days, last=fact.last + days) for fact in facts)
    begun = [e for e in chart.exposures if e.start is not None]
    changed["exposures"] = tuple(e._replace(start=(e.start or 0) + days, end=None) for e in begun)
    return chart._replace(**changed)


def joined(chart: Chart, more: Chart) -> Chart:
    """Both charts as one, the facts of the second from resources of their own."""
    facts = {}
    for name in FACTS:
        moved_there = tuple(
            fact._replace(
                source=fact.source._replace(
                    reference=f"More/{fact.source.reference}", expression=f"Bundle.entry[7{fact.source.expression[13:]}"
                )
            )
            for fact in getattr(more, name)
        )
        facts[name] = getattr(chart, name) + moved_there
    return chart._replace(**facts)


@given(TEXTS)
def test_every_flag_cites_what_alone_raises_it(text: str) -> None:
    chart = read_example(text)
    for finding in answer(chart).flags:
        if finding.state is FlagState.ACTIVE:
            assert finding.evidence, finding.rule.name
            left = only(chart, finding.evidence)
            found = answer(left, rule_set=alone(finding.rule))
            assert result(found, finding.rule.name).verdict is Verdict.MET, finding.rule.name


@given(TEXTS)
def test_without_what_it_cites_a_flag_does_not_stand_as_it_is(text: str) -> None:
    chart = read_example(text)
    for finding in answer(chart).flags:
        rest = only(chart, sources(chart) - set(finding.evidence))
        again = [f for f in answer(rest).flags if f.rule is finding.rule]
        assert not any(set(f.evidence) & set(finding.evidence) for f in again)


UNRELATED_TO_SAFETY = st.lists(
    st.sampled_from(
        (
            "CRP 5 mg/L, 3 days ago",
            "CRP 40 mg/L, 3 days ago",
            "CRP 1 mg/L, 3 days ago",
            "relapse, 9 days ago",
            "no relapse, 9 days ago",
            "multiple sclerosis",
            "rheumatoid arthritis",
            "tocilizumab from 90 days ago",
            "prednisone from 20 days ago",
            "sertraline from 90 days ago",
            "sNfL 9, 3 days ago",
            "vaccination, 3 days ago",
            "temperature 39 Cel, 3 days ago",
            "PHQ-9 item 9 = 0, 11 days ago",
            "C-SSRS 1 = no, 0 days ago",
            "suicide risk assessment, 0 days ago",
            "declined screening, 1 days ago",
        )
    ),
    min_size=1,
    max_size=4,
)


@given(CLAUSES, UNRELATED_TO_SAFETY)
def test_no_other_data_silence_a_safety_rule(clauses: list[str], more: list[str]) -> None:
    before, after = answer("; ".join(clauses)), answer("; ".join([*clauses, *more]))
    for name in SAFETY:
        if result(before, name).verdict is Verdict.MET:
            assert result(after, name).verdict is Verdict.MET
            kept = {f.start: f.priority for f in after.flags if f.rule.name == name}
            for finding in before.flags:
                if finding.rule.name == name:
                    assert PRIORITY_ORDER[kept[finding.start]] <= PRIORITY_ORDER[finding.priority]


POSITIVE = st.sampled_from(
    (
        "PHQ-9 item 9 = 1",
        "PHQ-9 item 9 = 3",
        "CMS item 9 = yes",
        "C-SSRS 1 = yes",
        "C-SSRS 4 = yes",
        "C-SSRS 6 = yes",
        "C-SSRS risk = yes",
        "PHQ-9 26",
        "PHQ-A 25",
        "suicidality",
        "suicide attempt",
        "self harm",
    )
)
RECENT = st.sampled_from((*(f"{days} days ago" for days in (0, 1, 7, 29, 30)), "in 1 day", "in 2026-06"))
UNPLACED = st.sampled_from(("undated", "in 2026"))


@given(TEXTS, POSITIVE, RECENT)
def test_a_recent_positive_is_raised_whatever_else_is_known(text: str, positive: str, date: str) -> None:
    """But a total says nothing where item 9 of its date was read, and no rule runs for the deceased."""
    if positive.startswith("PHQ-") and "item" not in positive:
        text = "; ".join(clause for clause in text.split("; ") if "item" not in clause)
    found = answer("; ".join([text, f"{positive}, {date}"]), flags=())
    assert result(found, "suicidality-recorded").verdict is Verdict.MET
    assert any(f.rule.name == "suicidality-recorded" and f.state is FlagState.ACTIVE for f in found.flags)


@given(TEXTS, POSITIVE, UNPLACED)
def test_a_positive_that_cannot_be_placed_is_told(text: str, positive: str, date: str) -> None:
    if positive.startswith("PHQ-") and "item" not in positive:
        text = "; ".join(clause for clause in text.split("; ") if "item" not in clause)
    found = answer("; ".join([text, f"{positive}, {date}"]), flags=())
    told = [f for f in found.flags if f.rule.name in ("suicidality-recorded", "suicidality-not-readable")]
    assert any(f.state is FlagState.ACTIVE for f in told)


@given(TEXTS)
def test_an_undated_or_unreadable_fact_never_turns_a_yes_into_a_no(text: str) -> None:
    """Suicidality: what is recorded stays recorded when something else of it cannot be read."""
    chart = read_example(text)
    unreadable = read_example("PHQ-9 item 9 unreadable, undated")
    both = joined(chart, unreadable)
    for name in ("suicidality-recorded", "acute-psychosis-or-mania"):
        if result(answer(chart), name).verdict is Verdict.MET:
            assert result(answer(both), name).verdict is Verdict.MET


@given(TEXTS)
def test_flags_sent_back_are_neither_lost_nor_doubled(text: str) -> None:
    chart = read_example(text)
    first = answer(chart, flags=())
    again = answer(chart, flags=all_sent_back(first.flags))
    kept = {(f.rule.name, f.identifier, f.start) for f in first.flags}
    assert {(f.rule.name, f.identifier, f.start) for f in again.flags} == kept
    assert all(f.state is FlagState.ACTIVE for f in again.flags)


@given(TEXTS)
def test_incomplete_data_never_rule_anything_out(text: str) -> None:
    """Where everything may be missing, only what was found or refused by age or population decides."""
    chart = read_example(text)
    kinds = (
        "Observation",
        "QuestionnaireResponse",
        "Condition",
        "Encounter",
        "Procedure",
        "Immunization",
        "MedicationRequest",
        "MedicationStatement",
        "DiagnosticReport",
    )
    found = answer(chart._replace(not_covered=dict.fromkeys(kinds, "not fetched")))
    whole = answer(chart)
    for name in SAFETY[:2]:
        assert result(found, name).verdict is not Verdict.NOT_MET
        if result(whole, name).verdict is Verdict.MET:
            assert result(found, name).verdict is Verdict.MET


@given(TEXTS)
def test_flags_are_in_order_and_whole(text: str) -> None:
    chart = read_example(text)
    found = answer(chart)
    keys = [(f.state != FlagState.ACTIVE, PRIORITY_ORDER[f.priority], f.rule.name) for f in found.flags]
    assert keys == sorted(keys)
    for finding in found.flags:
        assert (finding.state is FlagState.UNCHANGED) is not bool(finding.sentence)
        assert not finding.sentence or well_said(finding)
    assert len({f.identifier for f in found.flags}) == len(found.flags)
    assert found.as_of is AS_OF


def well_said(finding: FlagFinding) -> bool:
    text = finding.sentence
    for wrong in ("{", "}", "None", "Decimal", "  ", "Verdict", ".."):
        assert wrong not in text, text
    return finding.state is not FlagState.ACTIVE or text.endswith("Decide case by case.")
