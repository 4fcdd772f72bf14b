"""Reading what a FHIR server sent as the shape that it should have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import DecodeError

from service.fhir.client.faults import Fault

if TYPE_CHECKING:
    from msgspec import Raw
    from msgspec.json import Decoder

T = TypeVar("T")

# What a decoder raises for bytes that are no JSON, no text, nested too deep, or of another shape.
UNREADABLE: Final = (DecodeError, UnicodeDecodeError, RecursionError)


def decoded(decoder: Decoder[T], document: bytes | Raw, otherwise: str) -> T:
    """The document; raises `Fault` with the reason `otherwise` for anything that the decoder does not take."""
    try:
        return decoder.decode(document)
    except UNREADABLE:
        raise Fault(otherwise) from None
