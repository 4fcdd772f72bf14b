"""Which coded records count, by which date, and which relapse lies near?"""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from service.domain import criteria as c
from service.domain.concepts import Concept
from service.domain.days import EARLIEST, LATEST, Days, iso
from service.domain.evaluation.scope import At
from service.domain.examples import TODAY
from service.domain.facts import Record
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import asked, verdict
from tests.domain.facts import chart, record, relapse

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
UNDATED: dict[str, Any] = {"first": EARLIEST, "last": LATEST}
MS = c.Diagnosed(Concept.MS_FAMILY)


def recorded_on(days_ago: int) -> dict[str, Any]:
    return {"recorded_first": TODAY - days_ago, "recorded_last": TODAY - days_ago}


def month(first_days_ago: int) -> dict[str, Any]:
    return {"first": TODAY - first_days_ago, "last": TODAY - first_days_ago + 29}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("", YES),
        ("active", YES),
        ("recurrence", YES),
        ("relapse", YES),
        ("remission", YES),
        ("inactive", NO),
        ("resolved", NO),
        ("unknown", NO),
    ],
)
def test_which_clinical_status_is_active(status: str, expected: Verdict) -> None:
    assert verdict(MS, chart(record(Concept.MS_FAMILY, status=status))) is expected


@pytest.mark.parametrize(
    ("verification", "expected"),
    [
        ("", YES),
        ("confirmed", YES),
        ("unconfirmed", YES),
        ("provisional", NO),
        ("differential", NO),
        ("refuted", NO),
        ("entered-in-error", NO),
    ],
)
def test_which_verification_makes_a_diagnosis(verification: str, expected: Verdict) -> None:
    assert verdict(MS, chart(record(Concept.MS_FAMILY, verification=verification))) is expected


@pytest.mark.parametrize(("ended", "expected"), [(1, NO), (0, NO), (-1, YES)])
def test_an_abated_diagnosis_is_not_active(ended: int, expected: Verdict) -> None:
    assert verdict(MS, chart(record(Concept.MS_FAMILY, abated_last=TODAY - ended))) is expected


def test_a_diagnosis_needs_no_date_but_a_future_onset_excludes_it() -> None:
    assert verdict(MS, chart(record(Concept.MS_FAMILY, **UNDATED))) is YES
    assert verdict(MS, chart(record(Concept.MS_FAMILY, days_ago=-1))) is NO
    assert verdict(MS, chart(record(Concept.MS_FAMILY, first=TODAY - 100, last=TODAY + 100))) is YES


def test_the_code_of_a_relapse_names_the_disease_whatever_its_status() -> None:
    of_relapse = record(Concept.MS_FAMILY, Concept.RELAPSE, status="resolved", abated_last=TODAY - 2)
    assert verdict(MS, chart(of_relapse)) is YES
    assert verdict(c.Diagnosed(Concept.PREGNANCY), chart(of_relapse)) is NO
    assert verdict(MS, chart(of_relapse._replace(verification="refuted"))) is NO


def test_an_observation_is_no_diagnosis() -> None:
    assert verdict(MS, chart(record(Concept.MS_FAMILY, kind="Observation"))) is NO


PSYCHOSIS = c.Recorded((Concept.PSYCHOSIS,), timedelta(days=30), unresolved=True, needs_conditions=True)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (record(Concept.PSYCHOSIS, days_ago=30), YES),
        (record(Concept.PSYCHOSIS, days_ago=31), NO),
        (record(Concept.PSYCHOSIS, days_ago=-1), NO),
        (record(Concept.PSYCHOSIS, days_ago=40, **recorded_on(5)), NO),
        (record(Concept.PSYCHOSIS, **UNDATED, **recorded_on(5)), YES),
        (record(Concept.PSYCHOSIS, **UNDATED, **recorded_on(40)), NO),
        (record(Concept.PSYCHOSIS, **UNDATED), OPEN),
        (record(Concept.PSYCHOSIS, **month(29)), YES),
        (record(Concept.PSYCHOSIS, **month(31)), OPEN),
        (record(Concept.PSYCHOSIS, **month(60)), NO),
        (record(Concept.PSYCHOSIS, status="resolved"), NO),
        (record(Concept.PSYCHOSIS, status="inactive"), NO),
        (record(Concept.PSYCHOSIS, status="remission"), NO),
        (record(Concept.PSYCHOSIS, abated_last=TODAY), NO),
        (record(Concept.PSYCHOSIS, abated_last=TODAY + 1), YES),
        (record(Concept.PSYCHOSIS, abated_last=LATEST), YES),
        (record(Concept.PSYCHOSIS, verification="refuted"), NO),
        (record(Concept.PSYCHOSIS, verification="entered-in-error"), NO),
        (record(Concept.PSYCHOSIS, verification="differential"), YES),
        (record(Concept.PSYCHOSIS, verification="provisional"), YES),
        (record(Concept.PSYCHOSIS, asserted=False), NO),
        (record(Concept.INSOMNIA), NO),
    ],
)
def test_a_new_presentation(found: Record, expected: Verdict) -> None:
    assert verdict(PSYCHOSIS, chart(found)) is expected


def test_without_any_condition_new_diagnoses_cannot_be_seen() -> None:
    found = asked(PSYCHOSIS, chart())
    assert found.verdict is OPEN
    assert "no Condition" in found.lacks[0].text


def test_an_undated_candidate_does_not_hide_a_dated_one() -> None:
    found = asked(PSYCHOSIS, chart(record(Concept.PSYCHOSIS, **UNDATED), record(Concept.PSYCHOSIS)))
    assert (found.verdict, len(found.used)) == (YES, 1)
    open_ = asked(PSYCHOSIS, chart(record(Concept.PSYCHOSIS, **UNDATED)))
    assert open_.lacks[0].want is Want.UNDATED


def test_every_record_is_an_entry_in_order() -> None:
    found = asked(PSYCHOSIS, chart(record(Concept.PSYCHOSIS, days_ago=3), record(Concept.PSYCHOSIS, days_ago=20)))
    assert [TODAY - entry.day for entry in found.values["entries"]] == [20, 3]
    assert found.day == TODAY - 20


SUICIDAL = c.Recorded(
    (Concept.SUICIDALITY,), c.FRESH, c.DAY, later_date=True, any_day=True, unresolved=True, safety=True
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (record(Concept.SUICIDALITY, days_ago=40, **recorded_on(5)), YES),
        (record(Concept.SUICIDALITY, days_ago=5, **recorded_on(40)), YES),
        (record(Concept.SUICIDALITY, days_ago=40, **recorded_on(31)), NO),
        (record(Concept.SUICIDALITY, days_ago=30), YES),
        (record(Concept.SUICIDALITY, days_ago=31), NO),
        (record(Concept.SUICIDALITY, days_ago=-1), YES),
        (record(Concept.SUICIDALITY, days_ago=-2), NO),
        (record(Concept.SUICIDALITY, **month(59)), YES),
        (record(Concept.SUICIDALITY, **month(60)), NO),
        (record(Concept.SUICIDALITY, first=TODAY - 200, last=TODAY + 100), OPEN),
        (record(Concept.SUICIDALITY, **UNDATED), OPEN),
        (record(Concept.SUICIDALITY, days_ago=5, recorded_first=TODAY - 200, recorded_last=TODAY + 100), YES),
        (record(Concept.SUICIDALITY, status="resolved"), NO),
        (record(Concept.SUICIDALITY, kind="Observation"), YES),
    ],
)
def test_suicidality_counts_by_the_later_date_and_any_day_of_a_month(found: Record, expected: Verdict) -> None:
    assert verdict(SUICIDAL, chart(found)) is expected


def test_the_date_of_an_entry_is_as_precise_as_it_was() -> None:
    (entry,) = asked(SUICIDAL, chart(record(Concept.SUICIDALITY, first=TODAY - 29, last=TODAY))).values["entries"]
    assert entry.date == "2026-06"


INFECTION = c.Recorded((Concept.INFECTION,), timedelta(days=28), timedelta(days=7), unless_abated=timedelta(days=14))
T0 = TODAY - 50


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (record(Concept.INFECTION, days_ago=78), YES),
        (record(Concept.INFECTION, days_ago=79), NO),
        (record(Concept.INFECTION, days_ago=43), YES),
        (record(Concept.INFECTION, days_ago=42), NO),
        (record(Concept.INFECTION, days_ago=78, abated_last=T0 - 14), NO),
        (record(Concept.INFECTION, days_ago=78, abated_last=T0 - 13), YES),
        (record(Concept.INFECTION, **UNDATED), OPEN),
    ],
)
def test_an_infection_around_a_day(found: Record, expected: Verdict) -> None:
    assert verdict(INFECTION, chart(found), T0) is expected


def test_no_window_reaches_past_the_as_of_day() -> None:
    assert verdict(INFECTION, chart(record(Concept.INFECTION, days_ago=-3)), TODAY) is NO


def test_ever_recorded_needs_no_date() -> None:
    word = c.Recorded((Concept.MOOD_HISTORY,), before=None)
    assert verdict(word, chart(record(Concept.MOOD_HISTORY, **UNDATED))) is YES
    assert verdict(word, chart(record(Concept.MOOD_HISTORY, days_ago=9000))) is YES
    assert asked(word, chart(record(Concept.MOOD_HISTORY, **UNDATED))).day is None


def test_two_groups_on_one_record() -> None:
    word = c.Recorded((Concept.INFECTION,), timedelta(days=365), also=Concept.INPATIENT)
    assert verdict(word, chart(record(Concept.INFECTION, Concept.INPATIENT, kind="Encounter"))) is YES
    assert verdict(word, chart(record(Concept.INFECTION), record(Concept.INPATIENT, kind="Encounter"))) is NO


def test_an_explicit_denial() -> None:
    word = c.Recorded((Concept.RELAPSE,), c.FRESH, c.FRESH, denied=True)
    assert verdict(word, chart(relapse(5, asserted=False, kind="Observation"))) is YES
    assert verdict(word, chart(relapse(5))) is NO


NEAR = c.Occurred(Concept.RELAPSE, timedelta(days=30), timedelta(days=60))


@pytest.mark.parametrize(("onset", "expected"), [(-30, YES), (-31, NO), (60, YES), (61, NO), (0, YES)])
def test_a_day_near_a_relapse(onset: int, expected: Verdict) -> None:
    assert verdict(NEAR, chart(relapse(50 + onset)), TODAY - 50) is expected


def test_of_several_the_latest_before_the_day_else_the_earliest() -> None:
    several = chart(relapse(150), relapse(100), relapse(60), relapse(20))
    assert asked(NEAR, several, TODAY - 50).values["event_day"] == TODAY - 60
    assert asked(NEAR, chart(relapse(45), relapse(10)), TODAY - 50).values["event_day"] == TODAY - 45


def test_how_a_relapse_is_told() -> None:
    found = asked(NEAR, chart(relapse(60, verification="unconfirmed", imprecise=True)), TODAY - 50)
    onset = iso(TODAY - 60)
    told = f"10 days after a relapse with onset {onset} (not confirmed, date of the encounter)"
    assert found.values["event_near"] == told
    later = asked(NEAR, chart(relapse(40)), TODAY - 50)
    assert later.values["event_near"] == f"10 days before a relapse with onset {iso(TODAY - 40)}"
    mixed = asked(NEAR, chart(relapse(60, imprecise=True), relapse(59)), TODAY - 50)
    assert mixed.values["event_near"].endswith(onset)
    assert len(mixed.used) == 2


def test_nothing_is_counted_from_a_relapse_without_a_day() -> None:
    found = asked(NEAR, chart(relapse(0, first=TODAY - 60, last=TODAY - 31, imprecise=True)), TODAY - 30)
    assert found.values["event_near"] == "in the same weeks as a relapse of 2026-05 (date of the encounter)"
    assert not [value for value in found.values.values() if isinstance(value, Days)]
    known = dataclasses.replace(NEAR, exact=True)
    assert verdict(known, chart(relapse(0, first=TODAY - 60, last=TODAY - 31)), TODAY - 30) is NO
    assert verdict(known, chart(relapse(60)), TODAY - 30) is YES


def test_a_later_recorded_date_does_not_hide_the_onset() -> None:
    word = c.Recorded((Concept.SUICIDE_ATTEMPT,), timedelta(days=90), after=None, later_date=True)
    old = record(Concept.SUICIDE_ATTEMPT, text="attempt", first=TODAY - 2600, last=TODAY - 2600)
    lately = old._replace(recorded_first=TODAY - 10, recorded_last=TODAY - 10)
    (entry,) = asked(word, chart(lately)).values["entries"]
    assert (entry.text, entry.date) == (f"attempt (onset {iso(TODAY - 2600)})", iso(TODAY - 10))
    (entry,) = asked(word, chart(lately._replace(first=TODAY - 10, last=TODAY - 10))).values["entries"]
    assert entry.text == "attempt"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (relapse(0, **UNDATED), OPEN),
        (relapse(0, **month(125)), OPEN),
        (relapse(0, **month(300)), NO),
        (relapse(0, first=TODAY - 100, last=TODAY - 75), YES),
    ],
)
def test_a_relapse_without_a_day(found: Record, expected: Verdict) -> None:
    assert verdict(NEAR, chart(found), TODAY - 50) is expected


def test_a_dated_relapse_decides_over_an_undated_one() -> None:
    assert asked(NEAR, chart(relapse(0, **UNDATED), relapse(60)), TODAY - 50).verdict is YES


def test_a_day_that_is_not_known_may_be_near_any_relapse() -> None:
    any_day = At(TODAY - 30, TODAY)
    assert asked(NEAR, chart(relapse(90)), any_day).verdict is YES
    assert asked(NEAR, chart(relapse(91)), any_day).verdict is NO
    assert asked(NEAR, chart(relapse(0, first=TODAY - 60, last=TODAY - 40)), any_day).verdict is OPEN


AFTER = c.Occurred(Concept.RELAPSE, timedelta(days=30), timedelta(days=180), beyond=timedelta(days=60), began_near=True)


@pytest.mark.parametrize(
    ("onset", "began", "expected"),
    [
        (61, 60, YES),
        (60, 60, NO),
        (180, 150, YES),
        (181, 150, NO),
        (100, 130, YES),
        (100, 131, NO),
        (100, 40, YES),
        (100, 39, NO),
        (100, None, YES),
    ],
)
def test_a_run_that_began_near_a_relapse(onset: int, began: int | None, expected: Verdict) -> None:
    at = At(TODAY, TODAY, None if began is None else TODAY - began)
    assert asked(AFTER, chart(relapse(onset)), at).verdict is expected


def test_a_nearer_relapse_takes_over() -> None:
    at = At(TODAY, TODAY, TODAY - 100)
    assert asked(AFTER, chart(relapse(100), relapse(20)), at).verdict is NO
