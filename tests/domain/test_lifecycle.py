"""What becomes of a flag when the patient is evaluated again?"""

from typing import Any

import pytest

from service.domain.examples import TODAY, read_example
from service.domain.findings import FlagFinding, FlagState
from service.domain.lifecycle import WITHDRAWN_TEXT
from service.domain.wording import FOOTER
from tests.domain.asking import ago, end_of
from tests.domain.charts import answer, flag, flags, sent_back, with_flags
from tests.domain.facts import flagged

R01, R02, R03 = "suicidality-recorded", "acute-psychosis-or-mania", "mood-worsening-near-relapse"
R04, R05 = "depression-with-low-grade-inflammation", "sustained-low-grade-inflammation"
R11 = "fatigue-dominant-depression-score"
GRADE = "PHQ-9 12, 40 days ago; PHQ-9 13, 5 days ago; CRP 5 mg/L, 39 days ago; CRP 5 mg/L, 28 days ago"
NEAR_RELAPSE = "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago"
POSITIVE = "PHQ-9 item 9 = 1, 3 days ago"
NOT_READABLE = "suicidality-not-readable"
SAFETY = (R01, R02, "autoimmune-encephalitis-red-flags")
EVERY_STATE = None


def test_a_finding_that_is_met_again_keeps_its_flag() -> None:
    first = flag(answer(GRADE), R04)
    again = flag(answer(with_flags(GRADE, sent_back(first))), R04, EVERY_STATE)
    assert (again.identifier, again.start, again.state) == (first.identifier, first.start, FlagState.ACTIVE)
    assert again.prior is not None


def test_an_open_flag_of_the_same_episode_is_adopted() -> None:
    earlier = flagged(R04, ago(39))
    computed = flag(answer(GRADE), R04)
    adopted = flag(answer(with_flags(GRADE, earlier)), R04, EVERY_STATE)
    assert computed.start == ago(39)
    assert (adopted.identifier, adopted.start) == (earlier.identifier, ago(39))


def test_of_several_open_flags_the_earliest_is_kept_and_the_rest_are_merged() -> None:
    later, earliest = flagged(R04, ago(39)), flagged(R04, ago(60))
    found = answer(with_flags(GRADE, later, earliest))
    assert flag(found, R04).identifier == earliest.identifier
    merged = flag(found, R04, FlagState.INACTIVE)
    assert (merged.identifier, merged.closed_reason, merged.end) == (later.identifier, "merged", TODAY)


def test_a_flag_that_starts_after_the_anchor_is_not_adopted_and_merged() -> None:
    later = flagged(R04, ago(38))
    found = answer(with_flags(GRADE, later))
    assert flag(found, R04).start == ago(39)
    merged = flag(found, R04, FlagState.INACTIVE)
    assert (merged.identifier, merged.closed_reason) == (later.identifier, "merged")


def test_an_adopted_flag_speaks_for_those_that_start_after_the_anchor() -> None:
    earlier, later = flagged(R04, ago(60)), flagged(R04, ago(9))
    found = answer(with_flags(GRADE, later, earlier))
    assert flag(found, R04).identifier == earlier.identifier
    assert [one.identifier for one in flags(found, R04, FlagState.INACTIVE)] == [later.identifier]
    assert len(flags(found, R04, EVERY_STATE)) == 2


def test_late_data_leave_one_open_flag_of_an_episode() -> None:
    known = "PHQ-9 13, 9 days ago; CRP 4.6 mg/L, 8 days ago"
    first = flag(answer(known), R04)
    found = answer(with_flags(f"{known}; PHQ-9 12, 19 days ago; CRP 3.9 mg/L, 18 days ago", sent_back(first)))
    assert (first.start, flag(found, R04).start) == (ago(8), ago(18))
    merged = flag(found, R04, FlagState.INACTIVE)
    assert (merged.identifier, merged.closed_reason) == (first.identifier, "merged")
    assert not flags(found, R04, FlagState.UNCHANGED)


def test_what_a_clinician_closed_merges_nothing() -> None:
    closed = sent_back(flag(answer(GRADE), R04), status="inactive", end=ago(1))
    later = flagged(R04, ago(9))
    found = answer(with_flags(GRADE, closed, later))
    assert flag(found, R04, EVERY_STATE).state is FlagState.UNCHANGED


def test_a_cleared_flag_is_not_adopted() -> None:
    old = flagged(R04, ago(300))
    given = f"PHQ-9 12, 300 days ago; CRP 5 mg/L, 300 days ago; CRP 2 mg/L, 100 days ago; {GRADE}"
    found = answer(with_flags(given, old))
    assert flag(found, R04).identifier != old.identifier
    assert flag(found, R04, FlagState.INACTIVE).closed_reason == "cleared"


def test_one_flag_sent_twice_is_returned_once() -> None:
    first = sent_back(flag(answer(GRADE), R04))
    found = answer(with_flags(GRADE, first, first._replace(entry=950)))
    assert [one.closed_reason for one in flags(found, R04, FlagState.INACTIVE)] == ["merged"]
    assert len(flags(found, R04)) == 1


def test_an_event_rule_adopts_nothing() -> None:
    other = flagged(R03, ago(200))
    found = answer(with_flags(NEAR_RELAPSE, other))
    assert flag(found, R03).identifier != other.identifier
    assert flag(found, R03, FlagState.UNCHANGED).identifier == other.identifier


def test_what_is_now_part_of_another_is_closed_with_that_reason() -> None:
    given = "PHQ-9 12, 5 days ago; CRP 4 mg/L, 25 days ago; CRP 5 mg/L, 5 days ago"
    found = answer(with_flags(given, flagged(R04, ago(25))))
    assert flag(found, R05).contributing == (R04,)
    assert flag(found, R04, EVERY_STATE).closed_reason == f"now part of {R05}"


@pytest.mark.parametrize(("start", "end"), [(25, 0), (-1, -1)])
def test_no_flag_ends_before_it_begins(start: int, end: int) -> None:
    given = "PHQ-9 12, 5 days ago; CRP 4 mg/L, 25 days ago; CRP 5 mg/L, 5 days ago"
    closed = flag(answer(with_flags(given, flagged(R04, ago(start)))), R04, EVERY_STATE)
    assert (closed.state, closed.end) == (FlagState.INACTIVE, ago(end))


def test_what_neither_holds_nor_clears_stays_open_unchanged() -> None:
    kept = flagged(R04, ago(300), priority="PM")
    found = flag(answer(with_flags("GAD-7 3, 5 days ago", kept)), R04, EVERY_STATE)
    assert (found.state, found.prior, found.start, found.end) == (FlagState.UNCHANGED, kept, ago(300), None)


@pytest.mark.parametrize(("missing", "state"), [("Observation", FlagState.UNCHANGED), ("Goal", FlagState.INACTIVE)])
def test_a_flag_is_not_cleared_while_more_of_what_it_rests_on_may_exist(missing: str, state: FlagState) -> None:
    given = "PHQ-9 2, 40 days ago; PHQ-9 2, 5 days ago; CRP 1 mg/L, 5 days ago"
    kept = flagged(R04, ago(60), evidence=("Observation/phq9", "Observation/crp"))
    chart = with_flags(given, kept, not_covered={missing: "the retrieval failed"})
    assert flag(answer(chart), R04, EVERY_STATE).state is state


def test_an_inactive_flag_of_a_rule_that_is_not_met_is_left_alone() -> None:
    assert not flags(answer(with_flags("", flagged(R04, ago(300), status="inactive"))), R04, EVERY_STATE)


def test_flags_of_other_makers_are_left_alone() -> None:
    other = flagged(R04, ago(9))._replace(rule="somebody-elses-rule")
    assert not answer(with_flags("", other)).flags


class TestRetraction:
    """The entry a flag rests on was entered in error."""

    GONE = frozenset({"Observation/gone"})

    @pytest.mark.parametrize("rule", [R03, R04, R11])
    def test_a_flag_that_pairs_things_is_withdrawn_with_any_of_them(self, rule: str) -> None:
        prior = flagged(rule, ago(20), evidence=("Observation/gone", "Observation/other"))
        found = flag(answer(with_flags("", prior, retracted=self.GONE)), rule, EVERY_STATE)
        assert (found.state, found.end, found.closed_reason) == (FlagState.RETRACTED, None, "withdrawn")

    @pytest.mark.parametrize("rule", SAFETY)
    def test_a_safety_flag_is_withdrawn_with_all_that_it_names(self, rule: str) -> None:
        prior = flagged(rule, ago(45), evidence=("Observation/gone", "Observation/other"), priority="PH")
        part = answer(with_flags("", prior, retracted=self.GONE))
        kept = flag(part, rule, EVERY_STATE)
        assert (kept.state, kept.withdrawn, kept.changed) == (FlagState.UNCHANGED, ("Observation/gone",), ())
        assert part.urgent
        whole = answer(with_flags("", prior, retracted=self.GONE | {"Observation/other"}))
        found = flag(whole, rule, EVERY_STATE)
        assert (found.state, found.end, found.closed_reason) == (FlagState.RETRACTED, None, "withdrawn")
        assert not whole.urgent

    def test_evidence_that_cannot_be_recognised_may_still_stand(self) -> None:
        prior = flagged(R01, ago(45), evidence=("Observation/gone",), nameless=True)
        assert flag(answer(with_flags("", prior, retracted=self.GONE)), R01, EVERY_STATE).state is FlagState.UNCHANGED

    def test_a_twin_of_what_is_met_is_merged_and_no_error(self) -> None:
        first = sent_back(flag(answer(GRADE), R04))
        twin = first._replace(entry=950, evidence=("Observation/gone",))
        found = answer(with_flags(GRADE, first, twin, retracted=self.GONE))
        assert [one.closed_reason for one in flags(found, R04, FlagState.INACTIVE)] == ["merged"]
        assert not flags(found, R04, FlagState.RETRACTED)

    def test_an_open_flag_of_the_same_episode_whose_evidence_was_withdrawn_is_no_part_of_it(self) -> None:
        prior = flagged(R04, ago(9), evidence=("Observation/gone",))
        found = answer(with_flags(GRADE, prior, retracted=self.GONE))
        assert flag(found, R04, FlagState.RETRACTED).identifier == prior.identifier

    @pytest.mark.parametrize("of", ["withdrawn", "withdrawn earlier"])
    def test_a_withdrawn_flag_does_not_speak_for_an_old_positive(self, of: str) -> None:
        given = "PHQ-9 item 9 = 2, 60 days ago"
        (source,) = {one.source.reference for one in read_example(given).answers}
        named = flagged(R01, ago(60), evidence=(source,))
        assert not flags(answer(with_flags(given, named)), NOT_READABLE)
        gone = named if of == "withdrawn" else named._replace(status="entered-in-error", closed_by_rule=True)
        retracted = frozenset({source}) if of == "withdrawn" else frozenset()
        assert flag(answer(with_flags(given, gone, retracted=retracted)), NOT_READABLE).start == ago(60)

    def test_a_reference_that_is_merely_absent_is_no_retraction(self) -> None:
        prior = flagged(R01, ago(20), evidence=("Observation/other",))
        assert flag(answer(with_flags("", prior, retracted=self.GONE)), R01, EVERY_STATE).state is FlagState.UNCHANGED

    def test_the_flag_stays_where_the_rule_is_met_on_the_rest(self) -> None:
        first = flag(answer(GRADE), R04)
        prior = sent_back(first, evidence=("Observation/gone",))
        assert flag(answer(with_flags(GRADE, prior, retracted=self.GONE)), R04, EVERY_STATE).state is FlagState.ACTIVE

    def test_a_positive_of_another_date_does_not_keep_the_withdrawn_one_open(self) -> None:
        prior = flagged(R01, ago(20), evidence=("Observation/gone",))
        found = answer(with_flags(POSITIVE, prior, retracted=self.GONE))
        assert flag(found, R01).start == ago(3)
        assert flag(found, R01, FlagState.RETRACTED).identifier == prior.identifier

    def test_a_rule_that_is_part_of_another_is_met_on_the_rest(self) -> None:
        given = "PHQ-9 12, 5 days ago; CRP 4 mg/L, 25 days ago; CRP 5 mg/L, 5 days ago"
        prior = flagged(R04, ago(25), evidence=("Observation/gone",))
        found = flag(answer(with_flags(given, prior, retracted=self.GONE)), R04, EVERY_STATE)
        assert found.closed_reason == f"now part of {R05}"

    def test_an_inactive_flag_is_not_withdrawn(self) -> None:
        prior = flagged(R01, ago(20), status="inactive", evidence=("Observation/gone",))
        assert not answer(with_flags("", prior, retracted=self.GONE)).flags


@pytest.mark.parametrize("rule", SAFETY)
def test_a_safety_flag_is_never_cleared_by_rule(rule: str) -> None:
    quiet = "a condition; PHQ-9 item 9 = 0, 1 days ago; PHQ-9 2, 60 days ago; PHQ-9 2, 1 days ago; C-SSRS 1 = no, 1 days ago"
    prior = flagged(rule, ago(300), priority="PH")
    found = answer(with_flags(quiet, prior))
    assert flag(found, rule, EVERY_STATE).state is FlagState.UNCHANGED
    assert found.urgent


def test_a_positive_that_left_the_window_keeps_its_open_flag() -> None:
    first = flag(answer(POSITIVE), R01)
    later = answer(with_flags(POSITIVE, sent_back(first)), end_of(TODAY + 40))
    assert flag(later, R01, EVERY_STATE).state is FlagState.UNCHANGED
    assert later.urgent


def test_an_undated_flag_is_closed_by_a_clinician_alone() -> None:
    rule = "suicidality-not-readable"
    prior = flagged(rule, None)
    found = flag(answer(with_flags("PHQ-9 item 9 = 0, 1 days ago", prior)), rule, EVERY_STATE)
    assert (found.state, found.start) == (FlagState.UNCHANGED, None)


def test_a_flag_keeps_its_received_priority_while_it_is_open() -> None:
    given = "GAD-7 3, 5 days ago"
    assert flag(answer(with_flags(given, flagged(R04, ago(9), priority="PH"))), R04, EVERY_STATE).priority == "PH"
    assert flag(answer(with_flags(given, flagged(R04, ago(9), priority="odd"))), R04, EVERY_STATE).priority == "PL"


def test_everything_received_is_told_once() -> None:
    prior = [flagged(R04, ago(n)) for n in (9, 99, 999)]
    assert len(answer(with_flags("", *prior)).flags) == len(prior)


class TestKept:
    """A flag that stays as it is says what became of the entries that it names."""

    ENTRY = "PHQ-9 item 9 = 3, 20 days ago"

    def kept(self, given: str, **changes: Any) -> FlagFinding:
        prior = sent_back(flag(answer(self.ENTRY), R01), **changes)
        return flag(answer(with_flags(given, prior)), R01, FlagState.UNCHANGED)

    def test_an_entry_that_now_reads_otherwise_is_told(self) -> None:
        assert self.kept("PHQ-9 item 9 = 0, 20 days ago").changed == ("Example/1",)

    def test_an_entry_of_another_date_is_told(self) -> None:
        prior = sent_back(flag(answer(self.ENTRY), R01))
        found = answer(with_flags("PHQ-9 item 9 = 3, 9 days ago", prior))
        assert flag(found, R01).start == ago(9)
        assert flag(found, R01, FlagState.UNCHANGED).changed == ("Example/1",)

    def test_an_entry_that_left_the_window_is_the_same(self) -> None:
        prior = sent_back(flag(answer(self.ENTRY), R01))
        later = answer(with_flags(self.ENTRY, prior), end_of(TODAY + 40))
        assert flag(later, R01, EVERY_STATE).changed == ()

    def test_an_entry_that_was_not_sent_is_not_told(self) -> None:
        assert self.kept("a condition").changed == ()

    @pytest.mark.parametrize(("updated", "told"), [(99.0, ()), (101.0, ("Example/1",)), (None, ())])
    def test_an_entry_that_was_changed_after_the_flag_was_stored_is_told(
        self, updated: float | None, told: tuple[str, ...]
    ) -> None:
        chart = read_example("GAD-7 3, 5 days ago")
        scores = tuple(one._replace(source=one.source._replace(updated=updated)) for one in chart.scores)
        prior = flagged(R04, ago(300), evidence=("Example/1", "Example/9"))
        prior = prior._replace(source=prior.source._replace(updated=100.0))
        found = answer(chart._replace(scores=scores, flags=(prior,)))
        assert flag(found, R04, EVERY_STATE).changed == told

    def test_an_undated_flag_is_not_asked_again(self) -> None:
        prior = flagged(R02, None, evidence=("Example/1",))
        assert flag(answer(with_flags("GAD-7 3, 5 days ago", prior)), R02, EVERY_STATE).changed == ()


@pytest.mark.parametrize(
    "given",
    ["CRP 2 mg/L, 1 days ago", GRADE],
    ids=["cleared", "merged"],
)
def test_a_flag_that_we_close_keeps_its_limits_and_the_footer(given: str) -> None:
    closed = flag(answer(with_flags(given, flagged(R04, ago(9)))), R04, FlagState.INACTIVE)
    assert closed.sentence.startswith(closed.rule.title)
    assert closed.sentence.endswith(f"{closed.rule.limits} {FOOTER}")


def test_a_withdrawn_flag_keeps_its_limits_and_the_footer() -> None:
    prior = flagged(R01, ago(9), evidence=("Observation/gone",))
    found = flag(answer(with_flags("", prior, retracted=frozenset({"Observation/gone"}))), R01, EVERY_STATE)
    assert found.sentence == f"{WITHDRAWN_TEXT} {found.rule.limits} {FOOTER}"
