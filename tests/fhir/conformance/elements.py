"""Walks a FHIR resource as plain JSON: every element with its path, as the checks need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Element(NamedTuple):
    """`path` counts (for messages); `kind` does not, and begins at the nearest resource."""

    path: str
    kind: str
    name: str
    value: Any


def elements(value: Any, path: str = "", kind: str = "", name: str = "") -> Iterator[Element]:
    """The value and everything inside it, outer before inner."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from elements(item, f"{path}[{index}]", kind, name)
        if not value:
            yield Element(path, kind, name, value)
        return
    if isinstance(value, dict) and "resourceType" in value:
        kind = value["resourceType"]
        path = path or kind
    yield Element(path, kind, name, value)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from elements(inner, f"{path}.{key}", f"{kind}.{key}", key)


def resources(value: Any) -> Iterator[Element]:
    """Every resource inside a value, itself included."""
    return (one for one in elements(value) if isinstance(one.value, dict) and "resourceType" in one.value)
