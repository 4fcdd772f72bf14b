"""Made-up histories for property tests: one patient's last year, often near the limits that rules have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.contract import patients as p

Json = dict[str, Any]

# Days at which windows begin and end, so that chance meets them.
LIMITS = (42, 56, 60, 61, 90, 91, 95, 120, 180, 365, 380, 400)
DAYS = st.sampled_from((*range(41), *LIMITS))
AHEAD = st.integers(-3, -1)
_CRPS = (0.4, 2, 3, 3.1, 4, 5, 6.5, 9.9, 10, 10.1, 40)
_DISEASES = (p.MS, "25044007", p.RA, "34000006")
_SICK = ("N39.0", "J18.9", "193462001", "91175000", "69322001", "6471006")
_DRUGS = ("36437", "75917", "L04AG03", "L04AC07", "8640", "J01CA04", "1547545", "120608")


def _below(ago: int, _value: int) -> Json:
    return p.crp(0, ago, code=p.CRP, valueQuantity=None, valueString="<5 mg/L")


def _light(ago: int, value: int) -> Json:
    bounds = [{"high": {"value": 13, "unit": "pg/mL"}}]
    return p.observation(
        f"snfl-{ago}", "101281-4", ago, valueQuantity={"value": value, "unit": "pg/mL"}, referenceRange=bounds
    )


def _taken(ago: int, value: int) -> Json:
    code, lasting = _DRUGS[value % len(_DRUGS)], 7 * (value // len(_DRUGS))
    return p.taken(code, ago, max(ago - lasting, 0) if lasting else None)


# Each makes a resource from a day and a number; what is commonest in a record stands here more than once.
_MAKERS: tuple[Callable[[int, int], Json], ...] = (
    lambda ago, value: p.score(value, ago),
    lambda ago, value: p.score(value, ago),
    lambda ago, value: p.score(value, ago, "720433000"),
    lambda ago, value: p.score(min(value, 21), ago, p.GAD7),
    lambda ago, value: p.score(min(value, 21), ago, p.HADS_D),
    lambda ago, value: p.score(min(value, 21), ago, "401319005"),
    lambda ago, value: p.score(value, ago, p.MOCA),
    lambda ago, value: p.crp(_CRPS[value % len(_CRPS)], ago),
    lambda ago, value: p.crp(_CRPS[value % len(_CRPS)], ago),
    lambda ago, value: p.crp(_CRPS[value % len(_CRPS)], ago, code=p.CRP),
    lambda ago, value: p.crp(value / 20, ago, "mg/dL"),
    _below,
    _light,
    lambda ago, value: p.answer(value % 4, ago),
    lambda ago, value: p.said(("93246-7", "93247-5", "93267-3")[value % 3], ago, p.YES if value > 20 else p.NO),
    lambda ago, value: p.condition(_DISEASES[value % len(_DISEASES)], 900),
    lambda ago, value: p.condition(_DISEASES[value % len(_DISEASES)], 900),
    lambda ago, _value: p.relapse(ago),
    lambda ago, _value: p.no_relapse(ago),
    lambda ago, value: p.condition(_SICK[value % len(_SICK)], ago),
    _taken,
    _taken,
)


def facts(days: st.SearchStrategy[int] = DAYS) -> st.SearchStrategy[Json]:
    """One resource that rules read."""
    return st.builds(lambda maker, ago, value: maker(ago, value), st.sampled_from(_MAKERS), days, st.integers(0, 27))


def _named(resources: list[Json]) -> list[Json]:
    """The resources with ids of their own: what happened twice on one day was recorded twice."""
    return [one | {"id": f"{one['id']}-{number}"} for number, one in enumerate(resources)]


def histories(days: st.SearchStrategy[int] = DAYS, most: int = 14) -> st.SearchStrategy[list[Json]]:
    """A patient's resources, often with an immune-mediated disease among them."""
    some = st.lists(facts(days), max_size=most)
    return st.one_of(some, some.map(lambda rest: [p.condition(p.MS, 3000, name="ms"), *rest]), stories(some)).map(
        _named
    )


def stories(rest: st.SearchStrategy[list[Json]]) -> st.SearchStrategy[list[Json]]:
    """A situation in which rules are met, with other things around it."""
    begun = st.integers(14, 60).flatmap(lambda ago: st.tuples(st.just(ago), st.integers(0, min(ago - 14, 30))))

    def attack(days: tuple[int, int], others: list[Json]) -> list[Json]:
        then, now = days
        return [p.condition(p.MS, 3000), p.score(4, then + now + 14), p.score(14, now), p.relapse(now + 5), *others]

    def low_grade(days: tuple[int, int], others: list[Json]) -> list[Json]:
        then, now = days
        return [p.score(15, now), p.crp(5, now), p.crp(4, then), *others]

    def medicated(days: tuple[int, int], others: list[Json]) -> list[Json]:
        then, now = days
        return [p.score(3, then + 14), p.score(13, now), p.taken("L04AG03", then), p.taken("8640", then, now), *others]

    makers: tuple[Callable[[tuple[int, int], list[Json]], list[Json]], ...] = (attack, low_grade, medicated)
    return st.one_of([st.builds(maker, begun, rest) for maker in makers])


_NOISE: tuple[Callable[[int, int], Json], ...] = (
    lambda ago, value: p.observation(
        f"pressure-{ago}", "8480-6", ago, valueQuantity={"value": value + 90, "unit": "mm[Hg]"}
    ),
    lambda ago, _value: p.observation(f"smoking-{ago}", "72166-2", ago, valueString="never"),
    lambda ago, value: p.observation(f"glucose-{ago}", "2339-0", ago, valueInteger=value + 60),
)
NOISE = st.builds(lambda maker, ago, value: maker(ago, value), st.sampled_from(_NOISE), DAYS, st.integers(0, 90))
