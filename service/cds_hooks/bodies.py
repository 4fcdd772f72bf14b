"""The bodies that CDS clients send, decoded into the shape that is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import ValidationError

from service.errors import BodyUnreadable
from service.fhir.reading.request import reading
from service.fhir.reading.shapes import where_and_what, wrong_type

if TYPE_CHECKING:
    from msgspec.json import Decoder

T = TypeVar("T")

_BOM: Final = b"\xef\xbb\xbf"


def decoded_body(decoder: Decoder[T], body: bytes) -> T:
    """The body; raises BodyUnreadable, which names the element of another type."""
    with reading():
        try:
            return decoder.decode(body.removeprefix(_BOM))
        except ValidationError as error:
            element, fault = where_and_what(error)
            raise BodyUnreadable(wrong_type(fault), element) from None
