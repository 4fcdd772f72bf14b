"""What counts of a response by whomever it was sent: when to come again, and whether it may be read as it arrives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# A few hundred bytes can inflate to gigabytes before anybody counts them: no request asks for it, and none is read.
UNCOMPRESSED: Final = {"Accept-Encoding": "identity"}
COMPRESSED: Final = "answered compressed, though it was asked not to"


def is_compressed(headers: Mapping[str, str]) -> bool:
    """Whether a body is in a content coding."""
    return headers.get("content-encoding", "").strip().lower() not in ("", "identity")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds of Retry-After, which is a number of seconds or an HTTP date; None for anything else."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until = moment(text)
    return None if until is None else max((until - now) / timedelta(seconds=1), 0.0)


def moment(text: str) -> datetime | None:
    """The instant of an HTTP date; None for anything else."""
    try:
        found = parsedate_to_datetime(text)
        # A date beyond the calendar shows only once it is reckoned with.
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
