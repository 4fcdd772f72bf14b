"""What stays closed once a clinician has closed a flag, and what is told all the same?"""

from typing import Any

import pytest

from service.domain.examples import read_example
from service.domain.facts import Chart, PriorFlag
from service.domain.findings import FlagState
from tests.domain.asking import ago
from tests.domain.charts import answer, flag, flags, result, sent_back, with_flags
from tests.domain.facts import flagged

R01, R02, R03 = "suicidality-recorded", "acute-psychosis-or-mania", "mood-worsening-near-relapse"
R04 = "depression-with-low-grade-inflammation"
GRADE = "PHQ-9 12, 40 days ago; PHQ-9 13, 5 days ago; CRP 5 mg/L, 39 days ago; CRP 5 mg/L, 28 days ago"
NEAR_RELAPSE = "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago"
POSITIVE = "PHQ-9 item 9 = 1, 3 days ago"
NOT_READABLE = "suicidality-not-readable"
EVERY_STATE = None


class TestClosedByAClinician:
    """An inactive flag without our own reason closes the evidence it names."""

    def closed(self, given: str, rule: str, **changes: Any) -> PriorFlag:
        return sent_back(flag(answer(given), rule), status="inactive", end=ago(1), **changes)

    @pytest.mark.parametrize(("given", "rule"), [(GRADE, R04), (NEAR_RELAPSE, R03), (POSITIVE, R01)])
    def test_it_stays_closed_while_the_evidence_is_the_same(self, given: str, rule: str) -> None:
        found = answer(with_flags(given, self.closed(given, rule)))
        assert not flags(found, rule, EVERY_STATE)
        said = result(found, rule)
        assert (said.because, said.reason) == ("closed-by-clinician", "closed by a clinician on 2026-06-29")
        assert not found.urgent

    def test_without_an_end_no_date_is_told(self) -> None:
        prior = self.closed(GRADE, R04)._replace(end=None)
        assert result(answer(with_flags(GRADE, prior)), R04).reason == "closed by a clinician"

    def test_new_evidence_opens_it_again(self) -> None:
        prior = self.closed(GRADE, R04)
        found = flag(answer(with_flags(f"{GRADE}; PHQ-9 15, 2 days ago", prior)), R04)
        assert (found.identifier, found.prior) == (prior.identifier, prior)

    @pytest.mark.parametrize(("updated", "opens"), [(99.0, False), (100.0, False), (101.0, True), (None, False)])
    def test_a_resource_changed_after_the_end_opens_it_again(self, updated: float | None, opens: bool) -> None:
        prior = self.closed(GRADE, R04, ended=100.0)
        chart = with_flags(GRADE, prior)
        scores = tuple(s._replace(source=s.source._replace(updated=updated)) for s in chart.scores)
        assert bool(flags(answer(chart._replace(scores=scores)), R04)) is opens

    def amended(self, given: str, prior: PriorFlag, updated: float | None) -> Chart:
        """The same answers with the time at which they were last changed."""
        chart = with_flags(given, prior)
        answers = tuple(one._replace(source=one.source._replace(updated=updated)) for one in chart.answers)
        return chart._replace(answers=answers)

    @pytest.mark.parametrize(
        ("after", "updated", "opens"),
        [
            (100.0, 101.0, True),
            (100.0, 100.0, False),
            (100.0, None, False),
            (None, 1.0, True),
            (None, None, False),
        ],
    )
    def test_a_safety_flag_opens_for_a_change_after_the_first_instant_at_which_it_can_have_been_closed(
        self, after: float | None, updated: float | None, opens: bool
    ) -> None:
        prior = self.closed(POSITIVE, R01, ended=900.0, closed_after=after)
        assert bool(flags(answer(self.amended(POSITIVE, prior, updated)), R01)) is opens

    def test_a_change_after_the_closing_of_an_old_positive_is_told_as_not_readable(self) -> None:
        given = "PHQ-9 item 9 = 2, 60 days ago"
        (source,) = {one.source.reference for one in read_example(given).answers}
        prior = flagged(R01, ago(60), status="inactive", evidence=(source,), closed_after=100.0)
        assert not flags(answer(self.amended(given, prior, 99.0)), NOT_READABLE)
        assert flag(answer(self.amended(given, prior, 101.0)), NOT_READABLE).start == ago(60)

    def test_without_the_time_of_closing_a_change_cannot_be_told(self) -> None:
        chart = with_flags(GRADE, self.closed(GRADE, R04))
        scores = tuple(s._replace(source=s.source._replace(updated=9e9)) for s in chart.scores)
        assert not flags(answer(chart._replace(scores=scores)), R04)

    def test_a_flag_that_we_closed_ourselves_opens_again(self) -> None:
        prior = self.closed(GRADE, R04, closed_by_rule=True)
        assert flag(answer(with_flags(GRADE, prior)), R04).identifier == prior.identifier

    def test_a_clinicians_closing_outweighs_our_own(self) -> None:
        prior = self.closed(GRADE, R04)
        ours = prior._replace(closed_by_rule=True, entry=950)
        for order in ((prior, ours), (ours, prior)):
            assert not flags(answer(with_flags(GRADE, *order)), R04, EVERY_STATE)

    def test_an_open_twin_outweighs_a_closed_one(self) -> None:
        prior = self.closed(POSITIVE, R01)
        twin = prior._replace(status="active", end=None, entry=950)
        for order in ((prior, twin), (twin, prior)):
            (found,) = flags(answer(with_flags(POSITIVE, *order)), R01, EVERY_STATE)
            assert (found.state, found.prior) == (FlagState.ACTIVE, twin)

    def test_another_date_is_flagged_and_the_rule_is_not_told_as_closed(self) -> None:
        given = f"{POSITIVE}; PHQ-9 item 9 = 2, 9 days ago"
        first = next(one for one in flags(answer(given), R01) if one.start == ago(9))
        found = answer(with_flags(given, sent_back(first, status="inactive", end=ago(1))))
        assert [one.start for one in flags(found, R01)] == [ago(3)]
        assert result(found, R01).because == "met"

    def nameless(self, given: str, **changes: Any) -> Chart:
        """The same facts from resources without an id."""
        chart = read_example(given)
        told: dict[str, Any] = {
            kind: tuple(
                one._replace(source=one.source._replace(reference="", **changes)) for one in getattr(chart, kind)
            )
            for kind in ("scores", "answers", "results")
        }
        return chart._replace(**told)

    def test_evidence_without_a_reference_cannot_reopen_by_itself(self) -> None:
        chart = self.nameless(GRADE)
        prior = sent_back(flag(answer(chart), R04), status="inactive", end=ago(1))
        assert not flags(answer(chart._replace(flags=(prior,))), R04)

    def test_evidence_of_a_safety_rule_that_cannot_be_compared_is_new(self) -> None:
        chart = self.nameless(POSITIVE)
        prior = sent_back(flag(answer(chart), R01), status="inactive", end=ago(1), evidence=(), nameless=True)
        assert flag(answer(chart._replace(flags=(prior,))), R01).prior == prior

    @pytest.mark.parametrize(("value", "opens"), [("a", False), ("b", True), ("", True)])
    def test_evidence_is_compared_by_identifier_where_it_has_no_reference(self, value: str, opens: bool) -> None:
        chart = self.nameless(POSITIVE, identifier=("urn:lab", value))
        prior = sent_back(flag(answer(chart), R01), status="inactive", end=ago(1), evidence=("urn:lab|a",))
        assert bool(flags(answer(chart._replace(flags=(prior,))), R01)) is opens

    @pytest.mark.parametrize(
        ("given", "day"),
        [
            ("C-SSRS 2 unreadable, 1 days ago", ago(1)),
            ("PHQ-9 item 9 declined, 1 days ago", ago(1)),
            ("PHQ-9 24, 1 days ago", ago(1)),
            ("C-SSRS 2 = yes, undated", None),
            ("PHQ-9 item 9 = 2, undated", None),
        ],
    )
    def test_what_is_closed_does_not_silence_what_cannot_be_read(self, given: str, day: int | None) -> None:
        before = "PHQ-9 item 9 = 1, 20 days ago"
        prior = self.closed(before, R01)
        assert result(answer(f"{before}; {given}"), NOT_READABLE).because == "blocked"
        found = answer(with_flags(f"{before}; {given}", prior))
        assert result(found, R01).because == "closed-by-clinician"
        raised = flag(found, NOT_READABLE)
        assert (raised.start, len(raised.evidence)) == (day, 1)
        assert found.plan is not None

    def test_both_what_is_dated_and_what_is_not_are_told_beside_what_is_closed(self) -> None:
        before, more = "PHQ-9 item 9 = 1, 20 days ago", "C-SSRS 2 unreadable, 1 days ago; C-SSRS 2 = yes, undated"
        found = answer(with_flags(f"{before}; {more}", self.closed(before, R01)))
        assert [one.start for one in flags(found, NOT_READABLE)] == [None, ago(1)]

    def test_what_is_closed_is_no_reason_to_tell_what_could_be_read(self) -> None:
        prior = self.closed(POSITIVE, R01)
        for more in ("", "; PHQ-9 item 9 unreadable, 3 days ago", "; PHQ-9 item 9 = 2, 60 days ago"):
            found = answer(with_flags(POSITIVE + more, prior))
            assert result(found, NOT_READABLE).because == "not-met"

    def test_another_positive_that_is_flagged_speaks_for_what_cannot_be_read(self) -> None:
        given = "PHQ-9 item 9 = 1, 20 days ago; C-SSRS 2 = yes, 2 days ago; C-SSRS 4 unreadable, 1 days ago"
        prior = self.closed("PHQ-9 item 9 = 1, 20 days ago", R01)
        found = answer(with_flags(given, prior))
        assert flag(found, R01).start == ago(2)
        assert result(found, NOT_READABLE).because == "blocked"
