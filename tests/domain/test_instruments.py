"""Do the scales have the ranges, limits and steps of their sources?

The table below is written from the sources a second time, on purpose: it must not be derived from the product.
"""

from decimal import Decimal
from typing import Any

import pytest

from service.domain import criteria as c
from service.domain.criteria import CRP_LIMITS, MarkerClass
from service.domain.evaluation.markers import class_of
from service.domain.instruments import (
    ANXIETY,
    COGNITION,
    DEPRESSION,
    FATIGUE,
    INSTRUMENTS,
    MOOD,
    PHQ9_CMS,
    TEEN_DEPRESSION,
    Instrument,
    MoodDomain,
)
from service.domain.interval import bounded
from service.domain.verdict import Verdict
from tests.domain.asking import verdict

# key: low, high, elevated, worse by, minimal up to, mild from
TABLE: dict[str, tuple[Any, ...]] = {
    "phq-9": (0, 27, 10, 5, 4, 5),
    "phq-8": (0, 24, 10, 5, 4, 5),
    "phq-9-cms": (0, 27, 10, 5, 4, 5),
    "phq-a": (0, 27, 10, 5, 4, 5),
    "phq-2": (0, 6, 3, None, None, None),
    "gad-7": (0, 21, 10, 4, 4, 5),
    "hads-d": (0, 21, 8, 3, 7, 8),
    "hads-a": (0, 21, 8, 3, 7, 8),
    "bdi-ii": (0, 63, 14, 5, 13, 14),
    "bdi-fs": (0, 21, 4, 4, 3, 4),
    "madrs": (0, 60, 20, 6, 6, 7),
    "ham-d-17": (0, 52, 14, 5, 7, 8),
    "ces-d": (0, 60, 16, 9, 15, 16),
    "epds": (0, 30, 13, 4, 9, 10),
    "gds-15": (0, 15, 5, 4, 4, 5),
    "promis-29-depression": (20, 90, 60, 5, 54, 55),
    "promis-depression": (20, 90, 60, 5, 54, 55),
    "promis-29-anxiety": (20, 90, 60, 5, 54, 55),
    "promis-29-fatigue": (20, 90, 60, 5, 54, 55),
    "fss": (1, 7, 4, "0.45", None, None),
    "mfis": (0, 84, 38, 4, None, None),
    "sdmt": (0, 110, None, None, None, None),
    "moca": (0, 30, None, None, None, None),
    "promis-cognitive": (20, 90, None, None, None, None),
    "edss": (0, 10, None, "0.5", None, None),
}
FALLS: dict[str, tuple[int, int | None]] = {"sdmt": (8, 4), "moca": (3, None), "promis-cognitive": (5, None)}

every_scale = pytest.mark.parametrize("scale", INSTRUMENTS, ids=lambda scale: scale.key)
with_limit = pytest.mark.parametrize("scale", [s for s in INSTRUMENTS if s.elevated], ids=lambda scale: scale.key)
STEPPED = [s for s in INSTRUMENTS if s.elevated and s.worse_by]
with_both = pytest.mark.parametrize("scale", STEPPED, ids=lambda scale: scale.key)


def number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def test_every_scale_is_in_the_table() -> None:
    assert {scale.key for scale in INSTRUMENTS} == set(TABLE)
    assert len({scale.name for scale in INSTRUMENTS}) == len(INSTRUMENTS)


@every_scale
def test_scale_is_as_its_source_says(scale: Instrument) -> None:
    held = (scale.low, scale.high, scale.elevated, scale.worse_by, scale.minimal, scale.mild)
    assert held == tuple(number(value) for value in TABLE[scale.key])
    assert scale.source
    assert (scale.fall, scale.repeated_fall) == tuple(number(n) for n in FALLS.get(scale.key, (None, None)))


@every_scale
def test_the_worse_of_two_values(scale: Instrument) -> None:
    worse, better = (Decimal(9), Decimal(2)) if scale.higher_is_worse else (Decimal(2), Decimal(9))
    assert scale.worst(Decimal(9), Decimal(2)) == scale.worst(Decimal(2), Decimal(9)) == worse != better
    assert scale.higher_is_worse is (scale.key not in FALLS)


@with_limit
def test_elevated_on_both_sides_of_the_limit(scale: Instrument) -> None:
    word = c.Elevated(MoodDomain("this scale", (scale,)))
    assert scale.elevated is not None
    step = Decimal(1) if scale.whole else Decimal("0.1")
    assert verdict(word, f"{scale.name} {scale.elevated}, 3 days ago") is Verdict.MET
    assert verdict(word, f"{scale.name} {scale.elevated - step}, 3 days ago") is Verdict.NOT_MET


@with_both
def test_worse_on_both_sides_of_the_step(scale: Instrument) -> None:
    word = c.Worsened(MoodDomain("this scale", (scale,)))
    assert scale.elevated is not None
    assert scale.worse_by is not None
    step = Decimal(1) if scale.whole else Decimal("0.01")
    high = scale.elevated + scale.worse_by
    for before, expected in ((scale.elevated, Verdict.MET), (scale.elevated + step, Verdict.NOT_MET)):
        given = f"{scale.name} {before}, 60 days ago; {scale.name} {high}, 3 days ago"
        assert verdict(word, given) is expected


@pytest.mark.parametrize("scale", [s for s in STEPPED if s is not PHQ9_CMS], ids=lambda scale: scale.key)
def test_a_rise_below_the_limit_is_not_worse(scale: Instrument) -> None:
    word = c.Worsened(MoodDomain("this scale", (scale,)))
    assert scale.elevated is not None
    below = scale.elevated - (Decimal(1) if scale.whole else Decimal("0.1"))
    given = f"{scale.name} {scale.low}, 60 days ago; {scale.name} {below}, 3 days ago"
    assert verdict(word, given) is Verdict.NOT_MET


@pytest.mark.parametrize("scale", [s for s in INSTRUMENTS if s.mild], ids=lambda scale: scale.key)
def test_mild_begins_where_minimal_ends(scale: Instrument) -> None:
    assert scale.mild is not None
    assert scale.minimal is not None
    assert scale.minimal + 1 == scale.mild
    word = c.ScoredAtLeast(MoodDomain("this scale", (scale,)), c.Band.MILD, c.FRESH, Verdict.UNKNOWN)
    assert verdict(word, f"{scale.name} {scale.mild}, 3 days ago") is Verdict.MET
    assert verdict(word, f"{scale.name} {scale.minimal}, 3 days ago") is Verdict.NOT_MET


def test_which_series_make_a_domain_and_in_which_order() -> None:
    assert [scale.key for scale in DEPRESSION.series[:9]] == [
        "phq-9",
        "phq-8",
        "bdi-ii",
        "hads-d",
        "promis-29-depression",
        "promis-depression",
        "epds",
        "gds-15",
        "phq-9-cms",
    ]
    assert [scale.key for scale in ANXIETY.series] == ["gad-7", "hads-a", "promis-29-anxiety"]
    assert MOOD.series == DEPRESSION.series + ANXIETY.series
    assert {scale.key for scale in TEEN_DEPRESSION.series} - {s.key for s in DEPRESSION.series} == {"phq-a"}
    assert {scale.key for scale in FATIGUE.series} == {"promis-29-fatigue", "fss", "mfis"}
    assert {scale.key for scale in COGNITION.series} == set(FALLS)
    assert "phq-2" not in {scale.key for scale in MOOD.series}


LOW, LOW_GRADE, HIGH, OPEN = (
    MarkerClass.LOW,
    MarkerClass.LOW_GRADE,
    MarkerClass.HIGH,
    MarkerClass.INDETERMINATE,
)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ("0", LOW),
        ("3.0", LOW),
        ("3.01", LOW_GRADE),
        ("10.0", LOW_GRADE),
        ("10.01", HIGH),
        ("600", HIGH),
        ("<3", LOW),
        ("<5", OPEN),
        ("<0.5", LOW),
        ("<=3", LOW),
        ("<=3.01", OPEN),
        ("<10.01", OPEN),
        ("<=10", OPEN),
        (">10", HIGH),
        (">=10", OPEN),
        (">=10.01", HIGH),
        (">3", OPEN),
        (">9.99", OPEN),
        (">300", HIGH),
    ],
)
def test_the_class_of_a_crp(reported: str, expected: MarkerClass) -> None:
    digits = reported.lstrip("<>=")
    interval = bounded(reported.removesuffix(digits), Decimal(digits))
    assert interval is not None
    assert class_of(interval, CRP_LIMITS) is expected
