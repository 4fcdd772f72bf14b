"""How do three verdicts combine?"""

from itertools import product

import pytest

from service.domain import criteria as c
from service.domain.verdict import Verdict, at_least_n_of
from tests.domain.asking import verdict
from tests.domain.words import said

NO, OPEN, YES = Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.MET


@pytest.mark.parametrize(("one", "opposite"), [(NO, YES), (OPEN, OPEN), (YES, NO)])
def test_the_opposite_of_unknown_is_unknown(one: Verdict, opposite: Verdict) -> None:
    assert one.negated is opposite
    assert verdict(c.Not(said(one)), "") is opposite


@pytest.mark.parametrize(("one", "other"), list(product(Verdict, repeat=2)))
def test_and_takes_the_worse_and_or_the_better(one: Verdict, other: Verdict) -> None:
    assert verdict(c.AllOf((said(one), said(other))), "") is min(one, other)
    assert verdict(c.AnyOf((said(one), said(other))), "") is max(one, other)


@pytest.mark.parametrize(
    ("n", "given", "expected"),
    [
        (2, (YES, YES, NO), YES),
        (2, (YES, OPEN, NO), OPEN),
        (2, (OPEN, OPEN, NO), OPEN),
        (2, (YES, NO, NO), NO),
        (2, (OPEN, NO, NO), NO),
        (3, (YES, YES, OPEN), OPEN),
        (3, (YES, YES, YES), YES),
        (0, (), YES),
    ],
)
def test_so_many_of(n: int, given: tuple[Verdict, ...], expected: Verdict) -> None:
    assert at_least_n_of(given, n) is expected
    assert verdict(c.AtLeast(n, tuple(said(one) for one in given)), "") is expected
