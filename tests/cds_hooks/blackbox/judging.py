"""How a check tells what it saw: it returns a few words, or raises one of these."""

from __future__ import annotations

from collections.abc import Iterable


class Failed(Exception):
    """The requirement is not met; the text says where and how."""


class NotApplicable(Exception):
    """Nothing was seen that the requirement is about, or nothing was given to look for it with; the text says which."""


def require(holds: bool, fault: str) -> None:
    """Raises `Failed` unless it holds."""
    if not holds:
        raise Failed(fault)


def require_none(faults: Iterable[str]) -> None:
    """Raises `Failed` with the first few of these faults, where there are any."""
    found = list(dict.fromkeys(faults))
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise Failed("; ".join(found[:3]) + more)


def seen(count: int, what: str) -> str:
    """`cards: 3`, as the words of a check that passed; raises `NotApplicable` for none."""
    if not count:
        raise NotApplicable(f"no answer has {what}")
    return f"{what}: {count}"
