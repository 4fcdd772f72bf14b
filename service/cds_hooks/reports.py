"""The body of feedback: its items one by one, so that one that cannot be read takes none of the others with it.

What a clinician wrote (`userComment`) is in no shape below, and so never leaves the bytes of the body. Spelled as the
specification does or as clients do: `outcomeTimeStamp`; `overrideReasons`, one or a list; a reason without its frame.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct, ValidationError

from service.cds_hooks.bodies import decoded_body
from service.errors import BodyTooLarge, BodyUnreadable, Problem
from service.fhir.client.decoding import UNREADABLE
from service.fhir.reading.shapes import joined, where_and_what, wrong_type
from service.terminology.override_reasons import OVERRIDE_REASONS
from service.terminology.systems import OVERRIDE_REASON

ACCEPTED: Final = "accepted"
OVERRIDDEN: Final = "overridden"
OTHER: Final = "other"
MOST_ITEMS: Final = 1000
_OURS: Final = frozenset(reason.code for reason in OVERRIDE_REASONS)

T = TypeVar("T")


class Report(NamedTuple):
    """What a client says became of a card; `reason` is a code of ours, `other`, or empty for none."""

    card: str
    outcome: str
    reason: str
    at: datetime | None


class Reports(NamedTuple):
    """What a body holds: the items that can be read, and what is wrong with each of the others."""

    read: tuple[Report, ...]
    faults: tuple[Problem, ...]


class _Coding(Struct, gc=False):
    system: str | None = None
    code: str | None = None


class _Override(_Coding, gc=False):
    reason: _Coding | list[_Coding] | None = None


class _Suggestion(Struct, gc=False):
    id: str | None = None


class _Item(Struct, gc=False):
    card: str | None = None
    outcome: str | None = None
    acceptedSuggestions: list[_Suggestion] | None = None
    overrideReason: _Override | list[_Override] | None = None
    overrideReasons: _Override | list[_Override] | None = None
    outcomeTimestamp: str | None = None
    outcomeTimeStamp: str | None = None


class _Body(Struct, gc=False):
    feedback: list[Raw] | None = None


_BODY: Final = msgspec.json.Decoder(_Body)
_ITEM: Final = msgspec.json.Decoder(_Item)


def read_reports(body: bytes) -> Reports:
    """The items of a body; raises BodyUnreadable or BodyTooLarge where there are none to be had."""
    items = decoded_body(_BODY, body).feedback
    if items is None:
        raise BodyUnreadable("Send an object with an array of feedback.", "feedback")
    if len(items) > MOST_ITEMS:
        raise BodyTooLarge(f"There are more than {MOST_ITEMS} items; send them in several requests.", "feedback")
    told = [_told(item, f"feedback[{index}]") for index, item in enumerate(items)]
    return Reports(
        tuple(one for one in told if isinstance(one, Report)), tuple(one for one in told if isinstance(one, Problem))
    )


def _told(raw: Raw, path: str) -> Report | Problem:
    try:
        return _report(_ITEM.decode(raw), path)
    except ValidationError as error:
        element, fault = where_and_what(error)
        return BodyUnreadable(wrong_type(fault), joined(path, element))
    except UNREADABLE:
        return BodyUnreadable("This item is not JSON in UTF-8.", path)
    except Problem as problem:
        return problem


def _report(item: _Item, path: str) -> Report:
    if not item.card:
        raise BodyUnreadable("Send the uuid of the card that this is about.", f"{path}.card")
    outcome = (item.outcome or "").lower()
    if outcome not in (ACCEPTED, OVERRIDDEN):
        raise BodyUnreadable(f"The outcome is {ACCEPTED} or {OVERRIDDEN}.", f"{path}.outcome")
    reason = _reason(item) if outcome == OVERRIDDEN else ""
    return Report(item.card, outcome, reason, _moment(item.outcomeTimestamp or item.outcomeTimeStamp, path))


def _reason(item: _Item) -> str:
    """The first reason that we have offered; of others only that there was one."""
    overrides = [*_listed(item.overrideReason), *_listed(item.overrideReasons)]
    codings = [coding for one in overrides for coding in (*_listed(one.reason), one) if coding.code]
    known = (one.code for one in codings if one.code in _OURS and (one.system or OVERRIDE_REASON) == OVERRIDE_REASON)
    return next(known, OTHER if codings else "") or ""


def _listed(value: T | list[T] | None) -> list[T]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _moment(text: str | None, path: str) -> datetime | None:
    """When it was decided; without a zone it is UTC, as the specification has it."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        remedy = "Write the time as in 2026-06-30T08:15:00Z, or leave it out."
        raise BodyUnreadable(remedy, f"{path}.outcomeTimestamp") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
