"""What a resource contains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Raw

from service.fhir.reading.elements import given
from service.fhir.reading.resources import AnyResource
from service.fhir.reading.shapes import WrongTypeError, part

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.fhir.reading.resources import Resource

_RAWS: Final = msgspec.json.Decoder(list[Raw])
_RESOURCE: Final = msgspec.json.Decoder(AnyResource)


class Undecodable(NamedTuple):
    """A contained resource with a wrong type: its bytes, and the element at fault."""

    raw: Raw
    element: str
    text: str


def contents(container: Resource) -> list[Resource | Undecodable]:
    """The contained resources in order; what cannot be decoded comes with the fault. Raises WrongTypeError."""
    if not given(container.contained):
        return []
    return [_decoded(raw) for raw in part(_RAWS, container.contained, "contained")]


def _decoded(raw: Raw) -> Resource | Undecodable:
    try:
        return part(_RESOURCE, raw, "")
    except WrongTypeError as wrong:
        return Undecodable(raw, wrong.element, wrong.text)


class Containers:
    """Contained resources by their id, for whoever follows a reference; each container is decoded once."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        # By identity of the undecoded element, which is kept as well so that no other takes its place.
        self._kept: dict[int, tuple[Raw, dict[str, tuple[int, Resource]]]] = {}

    def find(self, container: Resource, name: str) -> tuple[int, Resource] | None:
        """A contained resource with its number; what cannot be decoded is not found, and is listed elsewhere."""
        kept = self._kept.get(id(container.contained))
        if kept is None:
            kept = self._kept[id(container.contained)] = container.contained, _by_name(container)
        return kept[1].get(name)


def _by_name(container: Resource) -> dict[str, tuple[int, Resource]]:
    try:
        inside = contents(container)
    except WrongTypeError:
        return {}
    named: dict[str, tuple[int, Resource]] = {}
    for number, one in enumerate(inside):
        if not isinstance(one, Undecodable) and one.id:
            named.setdefault(one.id, (number, one))
    return named


def contained_source(container: Source, number: int) -> Source:
    """A contained resource is cited by its container."""
    return container._replace(expression=f"{container.expression}.contained[{number}]")
