"""Why this service ended a Flag or CarePlan of its own, and how that is told from what somebody else did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.days import iso

if TYPE_CHECKING:
    from service.domain.facts import PriorFlag

CLEARED: Final = "cleared"
MERGED: Final = "merged"
PART_OF: Final = "now part of {rule}"
NOT_PROPOSED: Final = "no longer proposed"
WITHDRAWN: Final = "withdrawn"
DUPLICATE: Final = "duplicate"

OPEN: Final = "active"
ENTERED_IN_ERROR: Final = "entered-in-error"
_ERRORS: Final = frozenset({WITHDRAWN, DUPLICATE})
# What ends without having been an error: a Flag, a CarePlan.
_ENDED: Final = frozenset({"inactive", "revoked"})


def is_ours(status: str, reason: str | None) -> bool:
    """True when this service ended a resource: it is marked with a reason, and has the status that goes with it.

    Another status was given by somebody else since.
    """
    if reason is None:
        return False
    return status == ENTERED_IN_ERROR if reason in _ERRORS else status in _ENDED


def is_closed_by_clinician(flag: PriorFlag) -> bool:
    """Inactive or entered in error, and not by our own doing; one that we withdrew with its entry closes nothing."""
    return flag.status in ("inactive", ENTERED_IN_ERROR) and not flag.closed_by_rule


def may_go_on(flag: PriorFlag) -> bool:
    """Whether a finding may continue it: what was said to be an error, by whomever, never becomes active again."""
    return flag.status != ENTERED_IN_ERROR and not (flag.stays_closed and is_closed_by_clinician(flag))


def precedence(flag: PriorFlag) -> tuple[bool, bool, int, int]:
    """Of several received of one finding: an open one, else one that a clinician closed, else the newest."""
    return flag.status != OPEN, not is_closed_by_clinician(flag), -(flag.end or 0), flag.entry


def closed_text(flag: PriorFlag) -> str:
    """What a clinician did to it, in words."""
    if flag.status == ENTERED_IN_ERROR:
        return "marked as entered in error by a clinician"
    when = f" on {iso(flag.end)}" if flag.end is not None else ""
    return f"closed by a clinician{when}"
