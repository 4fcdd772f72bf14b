"""Identifiers of what we return: the same finding has the same identifier, whoever asks and whenever."""

from __future__ import annotations

import hashlib

from service.domain.days import iso

UNDATED = "undated"


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


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
