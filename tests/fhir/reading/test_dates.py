"""Dates and times in FHIR's grammar, and which element dates an Observation."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.days import LATEST
from service.fhir.reading.dates import moment
from tests.fhir.reading.feeding import ITEM_9, PHQ9, day, observation, read, refused, score_of

HERE = "Bundle.entry[0].resource"
EARLIER, LATER = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", day("2026-01-01"), day("2026-12-31")),
        ("2026-02", day("2026-02-01"), day("2026-02-28")),
        ("2024-02", day("2024-02-01"), day("2024-02-29")),
        ("2026-12", day("2026-12-01"), day("2026-12-31")),
        ("9999-12", day("9999-12-01"), LATEST),
        ("2026-06-30", day("2026-06-30"), day("2026-06-30")),
        ("2026-06-30T08:00:00", day("2026-06-30"), day("2026-06-30")),
        ("2026-06-30T08:00", day("2026-06-30"), day("2026-06-30")),
        ("2026-06-30T08:00:00.25", day("2026-06-30"), day("2026-06-30")),
    ],
)
def test_h09_date_without_an_offset_is_a_span_of_days(text: str, first: int, last: int) -> None:
    assert moment(text) == (first, last, None)
    assert moment(text) == (first, last, None)  # as remembered


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-30T23:30:00-05:00",
        "2026-06-30T00:15:00+14:00",
        "2026-06-30T08:00:00Z",
        "2026-06-30T08:00:00.123Z",
        "2026-06-30T08:00:00.5+02:00",
        "1969-12-31T23:59:59-13:59",
    ],
)
def test_h09_day_is_the_one_that_was_written_and_the_instant_is_exact(text: str) -> None:
    found = moment(text)
    assert found is not None
    assert found[:2] == (day(text[:10]), day(text[:10]))
    assert found[2] == pytest.approx(datetime.fromisoformat(text).timestamp(), abs=1e-6)


def test_time_without_seconds_and_a_leap_second_are_read() -> None:
    assert moment("2026-06-30T08:00Z") == moment("2026-06-30T08:00:00Z")
    assert moment("2016-12-31T23:59:60Z") == moment("2016-12-31T23:59:59Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "0000",
        "20260630",
        "2026-6-30",
        "2026-00",
        "2026-13",
        "2026-02-30",
        "2026-06-30 08:00:00Z",
        "2026-06-30T",
        "2026-06-30T24:00:00Z",
        "2026-06-30T08",
        "2026-06-30T08:60:00Z",
        "2026-06-30T08:00:61Z",
        "2026-06-30T08:00:",
        "2026-06-30T08:00.5Z",
        "2026-06-30T08:00:00.Z",
        "2026-06-30T08:00:00.xZ",
        "2026-06-30T08:00:00+14:01",
        "2026-06-30T08:00:00+2:00",
        "2026-06-30T08:00:00z",
        "2026-06T08:00:00Z",
        "2026-W26-2",
        "٢٠٢٦",
        " 2026",
        "2026 ",
        "30/06/2026",
    ],
)
def test_anything_else_is_no_date(text: str) -> None:
    assert moment(text) is None


@given(st.datetimes(min_value=EARLIER, max_value=LATER), st.integers(-13 * 60, 13 * 60))
def test_every_time_agrees_with_the_standard_library(when: datetime, minutes: int) -> None:
    sign, offset = ("-" if minutes < 0 else "+"), abs(minutes)
    text = f"{when:%Y-%m-%dT%H:%M:%S}{sign}{offset // 60:02}:{offset % 60:02}"
    expected = datetime.fromisoformat(text)
    assert moment(text) == (expected.toordinal(), expected.toordinal(), expected.timestamp())


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT[\d:.+Z-]{0,20}", fullmatch=True))
def test_no_text_raises(text: str) -> None:
    found = moment(text)
    assert found is None or found[0] <= found[1]


@pytest.mark.parametrize(
    ("dated", "first", "last"),
    [
        ({"effectiveDateTime": "2026-03"}, "2026-03-01", "2026-03-31"),
        ({"effectiveInstant": "2026-03-01T10:00:00Z"}, "2026-03-01", "2026-03-01"),
        ({"effectivePeriod": {"start": "2026-03-01", "end": "2026-03-05"}}, "2026-03-05", "2026-03-05"),
        ({"effectivePeriod": {"start": "2026-03-01"}}, "2026-03-01", "2026-03-01"),
    ],
)
def test_score_is_dated_by_the_end_of_its_period(dated: dict[str, Any], first: str, last: str) -> None:
    made = observation(PHQ9, **{"effectiveDateTime": None, **score_of(9), **dated})
    (score,) = read(made).chart.scores
    assert (score.first, score.last) == (day(first), day(last))


@pytest.mark.parametrize(
    ("dated", "reason", "element"),
    [
        ({}, "no-date", "effective"),
        ({"issued": "2026-03-01T10:00:00Z"}, "no-date", "effective"),
        ({"effectiveTiming": {"event": ["2026-03-01"]}}, "no-date", "effective"),
        ({"effectivePeriod": {}}, "no-date", "effective"),
        ({"effectiveDateTime": "2026-02-30"}, "invalid-date", "effectiveDateTime"),
        ({"effectiveInstant": "now"}, "invalid-date", "effectiveInstant"),
        ({"effectivePeriod": {"end": "x"}}, "invalid-date", "effectivePeriod.end"),
    ],
)
def test_score_without_a_clinical_date_is_refused(dated: dict[str, Any], reason: str, element: str) -> None:
    made = observation(PHQ9, **{"effectiveDateTime": None, **score_of(9), **dated})
    assert refused(read(made)) == [(reason, f"{HERE}.{element}")]


def test_instant_of_an_answer_is_kept() -> None:
    (answer,) = read(observation(ITEM_9, effectiveDateTime="2026-03-01T23:30:00-05:00", valueInteger=1)).chart.answers
    assert (answer.first, answer.instant) == (day("2026-03-01"), 1772425800.0)
