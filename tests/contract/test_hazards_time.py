"""Hazards of time: stale data, zones, partial dates, the future, a changed instrument, and what is no relapse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract import patients as p
from tests.contract.answers import Told, check, context, tell

SAFETY, NEAR_RELAPSE = "suicidality-recorded", "mood-worsening-near-relapse"
LOW_GRADE, QUIET = "depression-with-low-grade-inflammation", "mood-worsening-without-immune-activity"
STATUS = "mood-worsening-immune-status-unknown"
BEFORE = "mood-worsening-before-relapse"
ACUTE = "acute-inflammation-confounds-mood"
MS = p.condition(p.MS, 3000)
WORSE = (MS, p.score(4, 60), p.score(14, 5))


@pytest.mark.parametrize(("ago", "met"), [(30, True), (31, False)])
def test_a_score_is_current_for_thirty_days(ago: int, met: bool) -> None:
    told = tell(p.score(14, ago), p.crp(5, ago))
    assert (LOW_GRADE in told.met) == met
    if not met:
        assert "no usable depression score in the last 30 days" in told.why(LOW_GRADE)


@pytest.mark.parametrize(("ago", "weak"), [(95, False), (96, True)])
def test_an_old_baseline_is_weak_and_said(ago: int, weak: bool) -> None:
    told = tell(MS, p.score(4, ago), p.score(14, 5), p.relapse(20))
    assert told.states()[0] == (NEAR_RELAPSE, "active", "PL" if weak else "PM")
    assert ("The comparison is weak" in told.text(NEAR_RELAPSE)) == weak


@pytest.mark.parametrize(("ago", "known"), [(370, True), (371, False)])
def test_a_score_of_more_than_a_year_before_is_no_baseline(ago: int, known: bool) -> None:
    told = tell(p.condition(p.RA, 900), p.score(4, ago), p.score(14, 5))
    assert told.verdicts[STATUS] == ("MET" if known else "UNKNOWN")


def test_every_text_says_how_old_its_data_are() -> None:
    assert "(5 days ago)" in tell(*WORSE, p.relapse(20)).text(NEAR_RELAPSE)
    assert "(3 days ago)" in tell(p.answer(1, 3)).text(SAFETY)


def test_the_instant_of_evaluation_and_its_zone_are_echoed() -> None:
    told = tell(p.answer(1, 3), as_of="2026-11-20T09:30:00+05:30")
    assert told.account["asOf"] == "2026-11-20T09:30:00+05:30"
    assert told.account["timeZone"] == "UTC"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-11-17T23:30:00-05:00", "2026-11-17"),
        ("2026-11-18T00:30:00+14:00", "2026-11-18"),
        ("2026-11-17T23:59:60Z", "2026-11-17"),
        ("2026-11-17T10:00", "2026-11-17"),
        ("2026-11-17", "2026-11-17"),
    ],
)
def test_the_day_is_the_one_written(written: str, day: str) -> None:
    assert tell(p.answer(1, 3, effectiveDateTime=written)).flag(SAFETY)["period"] == {"start": day}


def test_a_date_as_the_instant_is_the_end_of_that_day_in_the_zone_of_the_site() -> None:
    late = p.answer(1, 0, effectiveDateTime="2026-11-21T04:30:00Z")
    scored = p.score(14, 0, effectiveDateTime="2026-11-21T04:30:00Z")
    here = tell(late, scored, p.crp(5, 1))
    assert LOW_GRADE not in here.met
    there = tell(late, scored, p.crp(5, 1), site=context(time_zone="America/New_York"))
    assert LOW_GRADE in there.met
    assert there.account["asOf"] == "2026-11-20T23:59:59-05:00"
    assert there.account["timeZone"] == "America/New_York"


def test_a_score_of_a_clock_ahead_is_current_although_its_day_is_tomorrow() -> None:
    scored = p.score(14, 0, effectiveDateTime="2026-11-21T05:30:00+08:00")
    assert LOW_GRADE in tell(scored, p.crp(5, 1), as_of="2026-11-20T22:00:00Z").met
    assert LOW_GRADE not in tell(scored, p.crp(5, 1), as_of="2026-11-20T21:00:00Z").met


PARTIAL = ("2026", "2026-11")


@pytest.mark.parametrize("written", PARTIAL)
def test_a_date_that_is_not_exact_is_no_current_score_and_no_baseline(written: str) -> None:
    told = tell(p.score(14, 5, effectiveDateTime=written), p.crp(5, 4))
    assert told.verdicts[LOW_GRADE] == "UNKNOWN"
    assert "not exact to the day" in told.why(LOW_GRADE)
    told = tell(p.condition(p.RA, 900), p.score(4, 60, effectiveDateTime="2026-09"), p.score(14, 5))
    assert told.verdicts[STATUS] == "UNKNOWN"


def test_a_month_wholly_within_a_window_counts_and_one_wholly_outside_does_not() -> None:
    for month, verdict in (("2026-10", "MET"), ("2026-09", "UNKNOWN"), ("2025-01", "NOT_MET")):
        assert tell(*WORSE, p.relapse(0, onsetDateTime=month)).verdicts[NEAR_RELAPSE] == verdict
    quiet = (p.condition(p.RA, 900), p.score(4, 60), p.score(14, 5), p.crp(0.5, 5))
    for month, verdict in (("2026-11", "UNKNOWN"), ("2026", "UNKNOWN"), ("2026-12", "MET"), ("2019", "NOT_MET")):
        taken = p.taken("L04AC07", None, effectivePeriod={"start": month})
        assert tell(*quiet, taken).verdicts["mood-worsening-without-immune-activity"] == verdict
    for month, acute, graded in (
        ("2026-10", "MET", "NOT_MET"),
        ("2026-09", "UNKNOWN", "UNKNOWN"),
        ("2026-08", "NOT_MET", "MET"),
    ):
        told = tell(p.score(14, 5), p.crp(5, 24), p.condition("N39.0", 0, onsetDateTime=month))
        assert (told.verdicts[ACUTE], told.verdicts[LOW_GRADE]) == (acute, graded)


@pytest.mark.parametrize("written", ["17/11/2026", "2026-13-01", "2026-02-30", "yesterday", "20261117"])
def test_a_date_that_is_none_is_refused_with_its_place(written: str) -> None:
    told = tell(p.score(14, 5, effectiveDateTime=written), p.crp(5, 4))
    assert told.verdicts[LOW_GRADE] == "UNKNOWN"
    assert told.rejected() == {"Bundle.entry[1].resource.effectiveDateTime": "invalid-date"}


NOON = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-20T12:05:00Z", True),
        ("2026-11-21T11:59:59Z", True),
        ("2026-11-21T12:00:00Z", True),
        ("2026-11-21T12:00:01Z", False),
        ("2026-11-21", True),
        ("2026-11-22", False),
    ],
)
def test_safety_reads_a_day_ahead_and_no_further(written: str, read: bool) -> None:
    told = tell(p.answer(1, 0, effectiveDateTime=written), as_of=NOON)
    assert (SAFETY in told.met) == read
    assert ("dated after the as-of time were left out" in told.words) != read


@pytest.mark.parametrize(
    ("written", "read"), [("2026-11-20T12:05:00Z", True), ("2026-11-20T12:05:01Z", False), ("2026-11-21", False)]
)
def test_other_rules_read_up_to_the_instant_with_five_minutes_for_clocks(written: str, read: bool) -> None:
    told = tell(p.score(14, 0, effectiveDateTime=written), p.crp(5, 4), as_of=NOON)
    assert (LOW_GRADE in told.met) == read
    if not read:
        assert "1 entries dated after the as-of time were left out" in told.words


def test_nothing_is_proposed_for_a_day_that_has_passed() -> None:
    told = tell(*WORSE, p.relapse(40))
    (plan,) = told.plans
    starts = [one["detail"]["scheduledPeriod"]["start"] for one in plan["activity"]]
    assert min(starts) >= p.AS_OF.isoformat()


def test_another_instrument_gives_no_arithmetic() -> None:
    told = tell(p.condition(p.RA, 900), p.score(4, 60), p.score(20, 5, p.HADS_D), p.crp(1, 4))
    for rule in (STATUS, QUIET):
        assert told.verdicts[rule] == "UNKNOWN"
        assert "the instrument changed, so a change cannot be computed" in told.why(rule)


def test_another_instrument_may_still_be_elevated_on_its_own_scale() -> None:
    assert "HADS-D 20" in tell(p.score(4, 60), p.score(20, 5, p.HADS_D), p.crp(5, 4)).text(LOW_GRADE)


def test_a_two_question_screen_and_a_score_of_teenagers_are_no_series_of_an_adult() -> None:
    assert not tell(p.condition(p.RA, 900), p.score(0, 60, p.PHQ2), p.score(6, 5, p.PHQ2)).met
    assert not tell(p.condition(p.RA, 900), p.score(4, 60), p.score(20, 5, p.PHQA), p.answer(0, 5)).met


def _verification(code: str) -> dict[str, Any]:
    return {"verificationStatus": {"coding": [{"code": code}]}}


NO_RELAPSE: dict[str, tuple[dict[str, Any], ...]] = {
    "the diagnosis": (p.condition(p.MS, 20, name="ms2"),),
    "a relapsing course": (p.condition("230372003", 20), p.condition("426373005", 20)),
    "refuted": (p.relapse(20, **_verification("refuted")),),
    "a differential": (p.relapse(20, **_verification("differential")),),
    "entered in error": (p.relapse(20, **_verification("entered-in-error")),),
    "in the family": (
        {"resourceType": "FamilyMemberHistory", "id": "f", "status": "completed", "patient": {"reference": p.SUBJECT},
         "condition": [{"code": p.coded("http://snomed.info/sct", p.RELAPSE)}]},
    ),
    "steroids alone": (p.ordered("6902", 20),),
    "a planned visit": (
        {"resourceType": "Encounter", "id": "e", "status": "planned", "subject": {"reference": p.SUBJECT},
         "period": {"start": p.day(20)}, "reasonCode": [p.coded("http://snomed.info/sct", p.RELAPSE)]},
    ),
    "a raised EDSS": (p.score(5, 20, "273554001"),),
    "denied": (p.no_relapse(20),),
}  # fmt: skip


@pytest.mark.parametrize("what", NO_RELAPSE)
def test_what_is_no_relapse(what: str) -> None:
    assert NEAR_RELAPSE in tell(*WORSE, p.relapse(20)).met
    assert tell(*WORSE, *NO_RELAPSE[what]).verdicts[NEAR_RELAPSE] == "NOT_MET"


@pytest.mark.parametrize("status", ["provisional", "unconfirmed"])
def test_an_unconfirmed_relapse_counts_and_is_marked(status: str) -> None:
    assert "not confirmed" in tell(*WORSE, p.relapse(20, **_verification(status))).text(NEAR_RELAPSE)


@pytest.mark.parametrize(
    "dated", [{}, {"recordedDate": p.day(20)}, {"onsetDateTime": "2026"}], ids=["undated", "recorded", "year"]
)
def test_a_relapse_without_a_day_decides_nothing(dated: dict[str, Any]) -> None:
    told = tell(*WORSE, p.crp(1, 4), p.relapse(None, **dated))
    for rule in (NEAR_RELAPSE, QUIET, BEFORE):
        assert told.verdicts[rule] == "UNKNOWN"
    assert "without a day that can be placed" in told.why(NEAR_RELAPSE)


def test_records_within_thirty_days_are_one_relapse() -> None:
    told = tell(*WORSE, p.relapse(35), p.relapse(10), p.relapse(20, name="twice"))
    assert len([flag for flag in told.flags if flag["status"] == "active"]) == 1
    assert told.flag(NEAR_RELAPSE)["period"]["start"] == p.day(35)


@pytest.mark.parametrize("kind", ["next page", "outcome of the search", "said by the caller", "cut resource"])
def test_absence_holds_only_where_the_data_are_whole(kind: str) -> None:
    data, parameters = p.bundle(p.person(), *WORSE), {}
    if kind == "next page":
        data["link"] = [{"relation": "next", "url": "http://example.org/2"}]
    elif kind == "outcome of the search":
        outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "incomplete"}]}
        data["entry"].append({"resource": outcome, "search": {"mode": "outcome"}})
    elif kind == "said by the caller":
        parameters = {"incomplete": "Condition"}
    else:
        data["entry"][1] = {"resource": MS | {"meta": {"tag": [{"code": "SUBSETTED"}]}}}
    assert Told(check(p.request(p.bundle(p.person(), *WORSE)))).verdicts[NEAR_RELAPSE] == "NOT_MET"
    told = Told(check(p.request(data, **parameters)))
    assert told.verdicts[NEAR_RELAPSE] == "UNKNOWN"
    assert "a relapse cannot be ruled out" in told.why(NEAR_RELAPSE)


def test_the_same_data_a_day_later_give_the_same_flags() -> None:
    body = p.request(p.bundle(p.person(), *WORSE, p.relapse(20), p.answer(1, 3)))
    later = body.replace(b'"2026-11-20"', b'"2026-11-21"')
    first, second = ([flag["identifier"] for flag in Told(check(one)).flags] for one in (body, later))
    assert first == second
    assert json.loads(body) != json.loads(later)
