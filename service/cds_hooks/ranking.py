"""Which findings get a card of their own: the gravest, and few enough to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain.days import LATEST
from service.domain.rule import PRIORITY_ORDER, Priority

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.findings import FlagFinding

MOST_CARDS: Final = 3


class Ranked(NamedTuple):
    """Findings by rule, the gravest first: those with a card of their own, and those that share the last one."""

    alone: tuple[tuple[FlagFinding, ...], ...]
    together: tuple[FlagFinding, ...]


def ranked(findings: Iterable[FlagFinding]) -> Ranked:
    """At most three cards; of what warns of danger every rule has its own, however many there are."""
    groups = _by_rule(findings)
    if len(groups) <= MOST_CARDS:
        return Ranked(tuple(groups), ())
    alone = max(sum(_is_of_danger(group[0]) for group in groups), MOST_CARDS - 1)
    return Ranked(tuple(groups[:alone]), tuple(finding for group in groups[alone:] for finding in group))


def _by_rule(findings: Iterable[FlagFinding]) -> list[tuple[FlagFinding, ...]]:
    by_name: dict[str, list[FlagFinding]] = {}
    for finding in sorted(findings, key=_rank):
        by_name.setdefault(finding.rule.name, []).append(finding)
    return [tuple(group) for group in by_name.values()]


def _is_of_danger(finding: FlagFinding) -> bool:
    return finding.rule.safety or finding.priority is Priority.PH


def _rank(finding: FlagFinding) -> tuple[bool, int, int, str]:
    """Danger first, then by priority, then the newest; one without a date may be of today."""
    newest = LATEST if finding.start is None else finding.start
    return not _is_of_danger(finding), PRIORITY_ORDER[finding.priority], -newest, finding.identifier
