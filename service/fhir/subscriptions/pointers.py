"""Which patient a resource or a reference speaks of; an address on another server speaks of nobody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from service.fhir.client.decoding import UNREADABLE

if TYPE_CHECKING:
    from msgspec import Raw

PATIENT: Final = "Patient"
_LOCAL: Final = re.compile(
    r"([A-Z][A-Za-z]{1,63})/((?!\.{1,2}(?:/|\Z))[A-Za-z0-9\-.]{1,64})(/_history/[A-Za-z0-9\-.]{1,64})?"
)


class Pointer(NamedTuple):
    """A resource on the server that the notification came from."""

    resource_type: str
    id: str

    @property
    def address(self) -> str:
        """Where it lies below the base."""
        return f"{self.resource_type}/{self.id}"


class _Reference(Struct, gc=False):
    reference: str = ""


class _Meta(Struct, gc=False):
    versionId: str = ""


class Payload(Struct, gc=False):
    """The elements of a resource that say which one it is, and whose."""

    resourceType: str
    id: str = ""
    meta: _Meta = msgspec.field(default_factory=_Meta)
    subject: _Reference = msgspec.field(default_factory=_Reference)
    patient: _Reference = msgspec.field(default_factory=_Reference)

    @property
    def pointer(self) -> Pointer | None:
        """The resource itself; None when it has no id."""
        return pointer_of(f"{self.resourceType}/{self.id}", "")

    @property
    def version(self) -> str:
        """This version of it as Type/id/version; empty when the resource does not say."""
        pointer = self.pointer
        return f"{pointer.address}/{self.meta.versionId}" if pointer and self.meta.versionId else ""

    def patient_of(self, base: str) -> str:
        """The id of the patient that it belongs to; empty when it does not say."""
        if self.resourceType == PATIENT:
            return self.id if self.pointer else ""
        named = pointer_of(self.subject.reference or self.patient.reference, base)
        return named.id if named is not None and named.resource_type == PATIENT else ""


_PAYLOAD: Final = msgspec.json.Decoder(Payload)


def read_payload(document: bytes | Raw) -> Payload | None:
    """The resource in a JSON document; None when it is not one, or not in the form of those that the rules read."""
    try:
        return _PAYLOAD.decode(document)
    except UNREADABLE:
        return None


def pointer_of(reference: str, base: str) -> Pointer | None:
    """The resource that a reference names, relative or below `base`; None for every other form."""
    match = _LOCAL.fullmatch(reference.removeprefix(f"{base}/") if base else reference)
    return Pointer(match[1], match[2]) if match else None
