"""Elements of the wrong JSON type: where they are, and what is said of them."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec
from msgspec import Raw, ValidationError

_WRONG: Final = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`")
_AT: Final = re.compile(r" - at `\$\.?(?P<path>.*)`$")

T = TypeVar("T")


class WrongTypeError(Exception):
    """A part of a resource, decoded when it was needed, has the wrong JSON type."""

    def __init__(self, element: str, fault: str) -> None:
        super().__init__(element)
        self.element = element
        self.text = wrong_type(fault)


def wrong_type(fault: str) -> str:
    """The sentence about an element that has the wrong JSON type."""
    return f"This element has the wrong JSON type: {fault}."


def part(decoder: msgspec.json.Decoder[T], raw: bytes | Raw, element: str) -> T:
    """An element that was left raw; raises WrongTypeError, which names it."""
    try:
        return decoder.decode(raw)
    except ValidationError as error:
        at, fault = where_and_what(error)
        raise WrongTypeError(joined(element, at), fault) from None


def where_and_what(error: ValidationError) -> tuple[str, str]:
    """The element at fault, below what was decoded, and what is wrong with it; never its value."""
    text = str(error)
    at, wrong = _AT.search(text), _WRONG.match(text)
    fault = f"expected {wrong[1].removesuffix(' | null')}, got {wrong[2]}" if wrong else "it is not what FHIR has there"
    return at["path"] if at else "", fault


def joined(path: str, element: str) -> str:
    """A FHIRPath and one below it."""
    return path + element if not path or element[:1] in ("[", "") else f"{path}.{element}"
