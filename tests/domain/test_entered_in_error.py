"""What becomes of a finding whose flag was marked as entered in error, by a clinician or by ourselves?"""

from typing import Any

import pytest

from service.domain.examples import read_example
from service.domain.facts import Chart, PriorFlag
from service.domain.findings import FlagState
from service.domain.identity import next_identifier
from tests.domain.asking import ago
from tests.domain.charts import answer, flag, flags, result, sent_back, with_flags
from tests.domain.facts import flagged

R01, R03, R04 = "suicidality-recorded", "mood-worsening-near-relapse", "depression-with-low-grade-inflammation"
NOT_READABLE = "suicidality-not-readable"
GRADE = "PHQ-9 12, 40 days ago; PHQ-9 13, 5 days ago; CRP 5 mg/L, 39 days ago; CRP 5 mg/L, 28 days ago"
NEAR_RELAPSE = "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago"
POSITIVE = "PHQ-9 item 9 = 1, 3 days ago"
UNREADABLE = "PHQ-9 item 9 unreadable, 3 days ago"
MORE = {R01: "; C-SSRS 2 = yes, 3 days ago", R03: "; PHQ-9 13, 2 days ago", R04: "; PHQ-9 15, 2 days ago"}
EVERY_STATE = None


def in_error(given: str, rule: str, *, ours: bool = False, **changes: Any) -> PriorFlag:
    prior = sent_back(flag(answer(given), rule), status="entered-in-error", closed_by_rule=ours)
    return prior._replace(**changes)


@pytest.mark.parametrize(
    ("given", "rule"), [(GRADE, R04), (NEAR_RELAPSE, R03), (POSITIVE, R01), (UNREADABLE, NOT_READABLE)]
)
def test_what_a_clinician_called_an_error_is_not_raised_on_the_same_evidence(given: str, rule: str) -> None:
    found = answer(with_flags(given, in_error(given, rule)))
    assert not flags(found, rule, EVERY_STATE)
    said = result(found, rule)
    assert (said.because, said.reason) == ("closed-by-clinician", "marked as entered in error by a clinician")
    assert found.plan is None or all(one.rule.name != rule for one in found.plan.flags)
    assert not found.urgent


@pytest.mark.parametrize(("given", "rule"), [(GRADE, R04), (NEAR_RELAPSE, R03), (POSITIVE, R01)])
def test_new_evidence_is_raised_beside_it_and_then_kept(given: str, rule: str) -> None:
    error = in_error(given, rule)
    first = flag(answer(with_flags(given + MORE[rule], error)), rule, EVERY_STATE)
    assert (first.state, first.prior) == (FlagState.ACTIVE, None)
    assert first.identifier == next_identifier(error.identifier)
    beside = sent_back(first, 950)
    again = flag(answer(with_flags(given + MORE[rule], error, beside)), rule, EVERY_STATE)
    assert (again.state, again.identifier, again.prior) == (FlagState.ACTIVE, first.identifier, beside)


def test_evidence_that_was_changed_since_is_new() -> None:
    def at(updated: float) -> Chart:
        chart = with_flags(GRADE, in_error(GRADE, R04, ended=100.0))
        scores = tuple(one._replace(source=one.source._replace(updated=updated)) for one in chart.scores)
        return chart._replace(scores=scores)

    assert not flags(answer(at(100.0)), R04)
    assert flag(answer(at(101.0)), R04).prior is None


def test_what_is_an_error_twice_is_raised_only_on_what_neither_names() -> None:
    error = in_error(GRADE, R04)
    more = GRADE + MORE[R04]
    second = sent_back(flag(answer(with_flags(more, error)), R04), 950, status="entered-in-error")
    for given in (GRADE, more):
        assert not flags(answer(with_flags(given, error, second)), R04, EVERY_STATE)
    third = flag(answer(with_flags(f"{more}; PHQ-9 16, 1 days ago", second, error)), R04)
    assert third.identifier == next_identifier(second.identifier)


def test_what_stands_beside_an_error_may_be_closed_and_opened_as_any_other() -> None:
    error, more = in_error(POSITIVE, R01), POSITIVE + MORE[R01]
    beside = sent_back(flag(answer(with_flags(more, error)), R01), 950, status="inactive", end=ago(1))
    assert result(answer(with_flags(more, error, beside)), R01).reason == "closed by a clinician on 2026-06-29"
    opened = flag(answer(with_flags(f"{more}; C-SSRS 3 = yes, 3 days ago", error, beside)), R01)
    assert (opened.prior, opened.identifier) == (beside, beside.identifier)


@pytest.mark.parametrize("given", [GRADE, GRADE + MORE[R04]])
def test_an_error_among_flags_of_one_identifier_outweighs_what_we_closed_and_not_what_is_open(given: str) -> None:
    error = in_error(GRADE, R04)
    closed = error._replace(status="inactive", closed_by_rule=True, entry=950)
    is_new = given != GRADE
    for order in ((error, closed), (closed, error)):
        found = flags(answer(with_flags(given, *order)), R04, EVERY_STATE)
        assert [one.prior for one in found] == ([closed] if is_new else [])
        still_open = closed._replace(status="active", closed_by_rule=False)
        kept = flag(answer(with_flags(given, error, still_open)), R04, EVERY_STATE)
        assert (kept.state, kept.prior) == (FlagState.ACTIVE, still_open)


@pytest.mark.parametrize(("given", "rule"), [(GRADE, R04), (POSITIVE, R01)])
def test_what_we_withdrew_ourselves_blocks_nothing_and_stays_withdrawn(given: str, rule: str) -> None:
    ours = in_error(given, rule, ours=True)
    first = flag(answer(with_flags(given, ours)), rule, EVERY_STATE)
    assert (first.state, first.prior, first.identifier) == (FlagState.ACTIVE, None, next_identifier(ours.identifier))
    beside = sent_back(first, 950)
    again = flag(answer(with_flags(given, ours, beside)), rule, EVERY_STATE)
    assert (again.state, again.prior) == (FlagState.ACTIVE, beside)


def test_a_duplicate_that_we_withdrew_leaves_the_other_as_it_was() -> None:
    ours = in_error(POSITIVE, R01, ours=True)
    closed = ours._replace(status="inactive", closed_by_rule=False, end=ago(1), entry=950)
    assert result(answer(with_flags(POSITIVE, ours, closed)), R01).because == "closed-by-clinician"
    kept = flag(answer(with_flags(POSITIVE, ours, closed._replace(status="active", end=None))), R01, EVERY_STATE)
    assert kept.identifier == ours.identifier


@pytest.mark.parametrize(("ours", "told"), [(True, True), (False, False)])
def test_what_a_clinician_called_an_error_speaks_for_an_old_positive(ours: bool, told: bool) -> None:
    given = "PHQ-9 item 9 = 2, 60 days ago"
    (source,) = {one.source.reference for one in read_example(given).answers}
    error = flagged(R01, ago(60), evidence=(source,), status="entered-in-error", closed_by_rule=ours)
    assert bool(flags(answer(with_flags(given, error)), NOT_READABLE)) is told


def test_what_is_called_an_error_does_not_silence_what_cannot_be_read() -> None:
    before, more = "PHQ-9 item 9 = 1, 20 days ago", "; C-SSRS 2 unreadable, 1 days ago"
    found = answer(with_flags(before + more, in_error(before, R01)))
    assert flag(found, NOT_READABLE).start == ago(1)


@pytest.mark.parametrize(("given", "opens"), [(GRADE, False), (GRADE + MORE[R04], True)])
def test_where_what_was_ended_cannot_be_opened_new_evidence_is_raised_beside_it(given: str, opens: bool) -> None:
    ended = in_error(GRADE, R04, status="inactive", end=ago(1), stays_closed=True)
    found = flags(answer(with_flags(given, ended)), R04, EVERY_STATE)
    assert [(one.identifier, one.prior) for one in found] == ([(next_identifier(ended.identifier), None)] * opens)
    ours = ended._replace(closed_by_rule=True)
    assert flag(answer(with_flags(given, ours)), R04).prior == ours
