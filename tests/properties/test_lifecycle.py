"""Over weeks of checks, each with the Flags of the last one: one Flag a rule and episode, closed ones stay closed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from service.domain.anchors import AnchorKind
from service.rules import RULES
from tests.contract import patients as p
from tests.contract.answers import Told, check, evidence_of, identifier_of, is_closed_by_rule, rule_of, stored, tell
from tests.properties.histories import histories

Json = dict[str, Any]

WEEKS = 12
STATE_RULES = {rule.name for rule in RULES if rule.anchor.kind is AnchorKind.STATE}
# One that never clears by itself, and one that stays open until a score.
SCORES = st.lists(st.integers(0, 27), min_size=WEEKS, max_size=WEEKS)


class Record:
    """A server that keeps what a transaction would write."""

    def __init__(self) -> None:
        self.flags: dict[str, Json] = {}
        self.written = 0

    def keep(self, told: Told) -> None:
        """Takes the Flags of an answer over: a new one gets an id, a known one its next version."""
        for flag in told.flags:
            known = flag.get("id")
            self.written += 0 if known else 1
            name = known or f"flag-{self.written}"
            version = str(int(self.flags.get(name, {"meta": {"versionId": "0"}})["meta"]["versionId"]) + 1)
            clean = {key: value for key, value in flag.items() if key not in ("id", "meta")}
            self.flags[name] = stored(clean, name, version)


def _week(resources: list[Json], week: int, record: Record) -> Told:
    """The check at the end of a week: what was measured until then, and the Flags that are kept."""
    today = p.AS_OF - timedelta(days=7 * (WEEKS - 1 - week))
    known = [
        one for one in resources if str(one.get("effectiveDateTime", one.get("onsetDateTime", ""))) <= today.isoformat()
    ]
    body = p.request(p.bundle(p.person(), *known, *record.flags.values()), today.isoformat())
    told = Told(check(body))
    record.keep(told)
    return told


def _weekly(values: list[int], code: str, kind: str) -> list[Json]:
    return [p.score(value, 7 * (WEEKS - 1 - week), code, name=f"{kind}-{week}") for week, value in enumerate(values)]


BACKGROUNDS: tuple[list[Json], ...] = (
    [p.condition(p.MS, 3000)],
    [p.condition(p.RA, 3000)],
    [p.condition(p.MS, 3000), p.relapse(50), p.crp(4, 70), p.crp(5, 40), p.crp(6, 10)],
    [
        p.condition(p.MS, 3000),
        p.crp(1, 60),
        p.crp(1, 30),
        p.crp(1, 2),
        p.no_relapse(60),
        p.no_relapse(30),
        p.no_relapse(2),
    ],
    [p.crp(40, 60), p.crp(5, 40), p.crp(2, 20), p.crp(6, 5)],
    [p.condition(p.RA, 3000), p.crp(1, 70), p.crp(1, 40), p.crp(1, 10), p.taken("L04AC07", 300)],
    [p.taken("L04AG03", 75), p.crp(5, 50), p.crp(5, 20)],
)


@given(SCORES, st.sampled_from(BACKGROUNDS), st.integers(0, 27))
def test_twelve_weekly_scores_give_one_flag_a_rule_and_episode(
    values: list[int], around: list[Json], first: int
) -> None:
    resources = [p.score(first, 7 * WEEKS + 20, name="first"), *_weekly(values, p.PHQ9, "phq9"), *around]
    record = Record()
    for week in range(WEEKS):
        told = _week(resources, week, record)
        active = Counter(rule_of(flag) for flag in told.flags if flag["status"] == "active")
        assert not [rule for rule in STATE_RULES if active[rule] > 1]
        identifiers = [identifier_of(flag) for flag in record.flags.values()]
        assert len(set(identifiers)) == len(identifiers)
    again = _week(resources, WEEKS - 1, record)
    assert record.written == len(record.flags)
    assert [(one["status"], identifier_of(one)) for one in again.flags] == [
        (one["status"], identifier_of(one)) for one in _week(resources, WEEKS - 1, record).flags
    ]


@given(SCORES, st.sampled_from(BACKGROUNDS))
def test_a_flag_that_is_sent_back_changes_only_when_something_changed(values: list[int], around: list[Json]) -> None:
    record = Record()
    resources = [*_weekly(values, p.PHQ9, "phq9"), *around]
    for week in range(WEEKS):
        _week(resources, week, record)
    flags = list(record.flags.values())
    body = p.request(p.bundle(p.person(), *resources, *flags), as_="transaction")
    written = [one for one in Told(check(body)).flags if one["status"] == "active"]
    assert written == []


@given(histories(most=10), st.integers(0, 5))
def test_a_flag_closed_by_hand_stays_closed_while_its_evidence_stays_the_same(
    resources: list[Json], chosen: int
) -> None:
    flags = [flag for flag in tell(*resources).flags if flag["status"] == "active"]
    assume(flags)
    record = Record()
    record.keep(tell(*resources))
    name, flag = list(record.flags.items())[chosen % len(record.flags)]
    period = flag.get("period", {})
    record.flags[name] = flag | {"status": "inactive", "period": period | {"end": p.day(0)}}
    told = tell(*resources, *record.flags.values())
    assert [one for one in told.flags if one.get("id") == name] == []
    same = [one for one in told.flags if rule_of(one) == rule_of(flag) and one["status"] == "active"]
    assert [one for one in same if evidence_of(one) == evidence_of(flag)] == []


@given(histories(most=10))
def test_every_flag_that_we_close_says_that_we_closed_it(resources: list[Json]) -> None:
    record = Record()
    record.keep(tell(*resources))
    low = [p.score(0, -1, code, name=f"low-{code}") for code in (p.PHQ9, p.GAD7, p.HADS_D, "401319005")]
    later = p.request(p.bundle(p.person(), *resources, *low, *record.flags.values()), p.day(-1))
    for flag in Told(check(later)).flags:
        if flag["status"] == "inactive":
            assert is_closed_by_rule(flag)
            assert flag["period"]["end"] == p.day(-1)
