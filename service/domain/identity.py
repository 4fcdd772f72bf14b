"""Identifiers of what we return: the same finding has the same identifier, whoever asks and whenever."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from service.domain.days import iso

if TYPE_CHECKING:
    from collections.abc import Set

UNDATED = "undated"
# How many resources of one finding, each beside the one before, may be missing in a row: somebody has deleted them.
MOST_DELETED = 5


def anchor_text(anchor: int | None) -> str:
    """The anchor as it enters the identifier."""
    return UNDATED if anchor is None else iso(anchor)


def flag_identifier(rule: str, subject: str, anchor: str) -> str:
    """The identifier value of a Flag: a hash of rule name, subject key and anchor; no version in it."""
    return _hash("flag", rule, subject, anchor)


def plan_identifier(subject: str, flags: tuple[str, ...]) -> str:
    """The identifier value of a CarePlan: a hash of the subject key and the sorted Flag identifiers."""
    return _hash("careplan", subject, *sorted(flags))


def next_identifier(identifier: str) -> str:
    """The identifier value of what is raised again beside a resource of this one, which nobody may open again."""
    return _hash("again", identifier)


def identifiers_from(first: str, held: Set[str], passed: Set[str] = frozenset(), most_missing: int = 0) -> list[str]:
    """Those that are held of an identifier and the next ones, and last the next one that may be used.

    It comes after all that are held or `passed`, of which up to `most_missing` others in a row may stand between.
    """
    found: list[str] = []
    name = unused = first
    missing = 0
    while True:
        if name in held:
            found.append(name)
        missing = 0 if name in held or name in passed else missing + 1
        if missing > most_missing:
            return [*found, unused]
        name = next_identifier(name)
        if not missing:
            unused = name


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
