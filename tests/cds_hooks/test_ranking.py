"""Are there few cards, and is no danger among those that share one?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from service.cds_hooks.ranking import MOST_CARDS, ranked
from service.domain.findings import FlagFinding
from service.domain.rule import Priority
from service.rules import RULES
from tests.cds_hooks.findings import finding
from tests.cds_hooks.hooks import body, examples, observation, prefetch_of, site

MOOD = [rule for rule in RULES if not rule.safety]
PH, PM, PL = Priority.PH, Priority.PM, Priority.PL


def found(*priorities: Priority, start: Iterable[int] | None = None) -> list[FlagFinding]:
    """A finding of another rule for each priority."""
    days = list(start) if start is not None else [739_000] * len(priorities)
    return [
        replace(finding(identifier=f"flag{number}", priority=priority), rule=MOOD[number], start=days[number])
        for number, priority in enumerate(priorities)
    ]


def counts(*priorities: Priority) -> tuple[int, int]:
    """How many rules have a card of their own, and how many findings share one."""
    alone, together = ranked(found(*priorities))
    return len(alone), len(together)


@pytest.mark.parametrize(
    ("priorities", "expected"),
    [
        ((), (0, 0)),
        ((PL,), (1, 0)),
        ((PL, PL, PL), (3, 0)),
        ((PL, PL, PL, PL), (2, 2)),
        ((PH, PM, PL, PL), (2, 2)),
        ((PH, PH, PM, PL), (2, 2)),
        ((PH, PH, PH, PL), (3, 1)),
        ((PH, PH, PH, PH), (4, 0)),
        ((PH, PH, PH, PH, PM, PL, PL), (4, 3)),
        ((PL,) * 10, (2, 8)),
    ],
)
def test_three_cards_and_every_danger_its_own(priorities: tuple[Priority, ...], expected: tuple[int, int]) -> None:
    assert counts(*priorities) == expected
    alone, together = ranked(found(*priorities))
    assert PH not in {one.priority for one in together}
    high = sum(one is PH for one in priorities)
    assert len(alone) + bool(together) <= max(MOST_CARDS, high + 1)


def test_the_gravest_come_first_and_the_newest_among_equals() -> None:
    alone, together = ranked(found(PL, PM, PH, PM, start=[4, 1, 2, 3]))
    names = [group[0].identifier for group in alone] + [one.identifier for one in together]
    assert names == ["flag2", "flag3", "flag1", "flag0"]


def test_findings_of_one_rule_share_its_card() -> None:
    two = [finding(identifier=name, priority=priority) for name, priority in (("a", PL), ("b", PH))]
    (group,), rest = ranked(two)
    assert [one.identifier for one in group] == ["b", "a"]
    assert rest == ()


def test_nothing_is_lost_in_ranking() -> None:
    findings = found(*(PL, PH, PM) * 3)
    alone, together = ranked(findings)
    seen = [one.identifier for group in alone for one in group] + [one.identifier for one in together]
    assert sorted(seen) == sorted(one.identifier for one in findings)


def test_four_rules_of_one_patient_with_three_dangers() -> None:
    """Psychosis with a seizure on steroids, and thoughts of death: the three dangers stand alone."""
    example = examples()["new-psychosis-with-seizure"]
    subject = {"reference": f"Patient/{example.patient}"}
    answered = observation("item-9", "44260-8", 5, 3, subject=subject)
    resources = [*example.resources, answered]
    answer = site().answer(body(prefetch_of(resources, example.patient), patient=example.patient), example.now)
    assert answer.indicators[:3] == ["critical"] * 3
    assert set(answer.names[:3]) == {
        "acute-psychosis-or-mania",
        "autoimmune-encephalitis-red-flags",
        "suicidality-recorded",
    }
    assert answer.names[3:] == ["rest"]
    rest = answer.card("rest")
    assert rest["indicator"] == "warning"
    assert rest["summary"].startswith("1 further finding")
    assert "Mood changed with systemic corticosteroids" in rest["detail"]
    assert "suggestions" not in rest
    # The first card's second suggestion stores what the last card tells as well.
    stored = [action["resource"]["code"]["coding"][0]["code"] for action in answer.actions(0, 1)[:-1]]
    assert "mood-change-with-corticosteroids" in stored
    assert len(stored) == 4


def test_danger_of_middle_priority_is_not_folded_whatever_its_date() -> None:
    safety = next(rule for rule in RULES if rule.safety)
    old = replace(finding(identifier="danger", priority=PM), rule=safety, start=None)
    alone, together = ranked([*found(PM, PM, PM, PM), old])
    assert alone[0][0].identifier == "danger"
    assert "danger" not in {flag.identifier for flag in together}
