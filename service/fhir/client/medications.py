"""Which Medications records of medicines refer to, so that they can be fetched as well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from service.fhir.client.decoding import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RECORDS: Final = ("MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement")
_REFERENCE: Final = re.compile(r"(?:(.+)/)?Medication/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")


class Medicines(NamedTuple):
    """The ids of Medications on the records' own server, and whether any record refers to another place."""

    names: tuple[str, ...]
    elsewhere: bool


NO_MEDICINES: Final = Medicines((), elsewhere=False)


class _Record(Struct, gc=False):
    medicationReference: Any = None


class _Entry(Struct, gc=False):
    resource: _Record | None = None


_ENTRY: Final = msgspec.json.Decoder(_Entry)


def medications_of(entries: Mapping[str, Iterable[bytes]], base: str) -> Medicines:
    """What the entries, by resource type, refer to; `base` is the address of their server, empty where nobody says."""
    found = {_told(entry, base) for kind in RECORDS for entry in entries.get(kind, ())} - {None}
    return Medicines(tuple(sorted(name for name in found if name)), "" in found)


def _told(entry: bytes, base: str) -> str | None:
    """The id in a record's reference; an empty one for another place, None where there is nothing to fetch."""
    try:
        record = _ENTRY.decode(entry).resource
    except UNREADABLE:
        return None
    reference = None if record is None else record.medicationReference
    literal = reference.get("reference") if isinstance(reference, dict) else None
    # What a record contains it brings along.
    if not isinstance(literal, str) or literal.startswith("#"):
        return None
    match = _REFERENCE.fullmatch(literal)
    return match[2] if match and match[1] in (None, base or match[1]) else ""
