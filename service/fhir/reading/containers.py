"""What a resource contains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Raw, ValidationError

from service.fhir.reading.elements import given
from service.fhir.reading.receiving import part
from service.fhir.reading.resources import AnyResource

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.fhir.reading.resources import Resource

_RAWS: Final = msgspec.json.Decoder(list[Raw])
_RESOURCE: Final = msgspec.json.Decoder(AnyResource)


def contents(container: Resource) -> list[Resource | tuple[Raw, ValidationError]]:
    """The contained resources in order; what cannot be decoded comes with the fault. Raises WrongTypeError."""
    if not given(container.contained):
        return []
    return [_decoded(raw) for raw in part(_RAWS, container.contained, "contained")]


def _decoded(raw: Raw) -> Resource | tuple[Raw, ValidationError]:
    try:
        return _RESOURCE.decode(raw)
    except ValidationError as error:
        return raw, error


def contained_in(container: Resource) -> list[Resource | None]:
    """The same for whoever follows a reference: None for what cannot be decoded, which is listed elsewhere."""
    try:
        raws = _RAWS.decode(container.contained) if given(container.contained) else []
    except ValidationError:
        return []
    return [None if isinstance(one := _decoded(raw), tuple) else one for raw in raws]


def contained_source(container: Source, number: int) -> Source:
    """A contained resource is cited by its container."""
    return container._replace(expression=f"{container.expression}.contained[{number}]")
