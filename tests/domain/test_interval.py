"""What does a reported quantity say, and what does it leave open?"""

from decimal import Decimal

import pytest

from service.domain.interval import Interval, bounded, exactly

D = Decimal


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [
        (None, Interval(D(3), D(3))),
        ("", Interval(D(3), D(3))),
        ("<", Interval(D(0), D(3), high_open=True)),
        ("<=", Interval(D(0), D(3))),
        (">=", Interval(D(3), None)),
        (">", Interval(D(3), None, low_open=True)),
        ("ad", None),
        ("~", None),
    ],
)
def test_a_comparator_is_a_bound(comparator: str | None, expected: Interval | None) -> None:
    assert bounded(comparator, D(3)) == expected


def test_only_one_value_is_exact() -> None:
    assert exactly(D(3)).is_exact
    assert not Interval(D(3), None).is_exact
    assert not Interval(D(0), D(3)).is_exact


@pytest.mark.parametrize(
    ("interval", "above", "at_least", "at_most", "below"),
    [
        (exactly(D(3)), False, True, True, False),
        (exactly(D("3.01")), True, True, False, False),
        (exactly(D("2.99")), False, False, True, True),
        (Interval(D(0), D(3), high_open=True), False, False, True, True),
        (Interval(D(0), D(3)), False, False, True, False),
        (Interval(D(3), None), False, True, False, False),
        (Interval(D(3), None, low_open=True), True, True, False, False),
        (Interval(D(2), None, low_open=True), False, False, False, False),
        (Interval(D(0), D(4)), False, False, False, False),
    ],
)
def test_every_value_must_agree(interval: Interval, above: bool, at_least: bool, at_most: bool, below: bool) -> None:
    limit = D(3)
    assert interval.all_above(limit) is above
    assert interval.all_at_least(limit) is at_least
    assert interval.all_at_most(limit) is at_most
    assert interval.all_below(limit) is below


def test_changing_the_unit_changes_both_bounds_and_keeps_them_open() -> None:
    assert Interval(D(2), D(3), low_open=True, high_open=True).scaled(D(10)) == Interval(D(20), D(30), True, True)
    assert Interval(D(2), None).scaled(D(10)) == Interval(D(20), None)
    fahrenheit = exactly(D("100.4")).scaled(D(5) / D(9), D(-32))
    assert abs(fahrenheit.low - D(38)) < D("1e-20")
