"""A site's ConceptMap (FHIR R4) as a plain mapping from its own codes to the codes that are read.

A mapping is taken over when its source means the target or something within it: equivalence `equal`,
`equivalent`, `wider` (the target is wider than the source) or `subsumes` (the source is a kind of it).
`unmatched` and `disjoint` say that there is no mapping, and none is made. Any other equivalence would give
the source a meaning that it need not have: it is refused, as is whatever makes a mapping conditional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from service.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

Coded = tuple[str, str]

ACCEPTED: Final = ("equal", "equivalent", "wider", "subsumes")
_NO_MAPPING: Final = ("unmatched", "disjoint")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class ConceptMapUnreadable(Problem):
    """The site's ConceptMap cannot be used as it is."""

    code = "structure"


class _Target(msgspec.Struct):
    code: str = ""
    equivalence: str = ""
    dependsOn: list[msgspec.Raw] = []
    product: list[msgspec.Raw] = []
    modifierExtension: list[msgspec.Raw] = []


class _Element(msgspec.Struct):
    code: str = ""
    target: list[_Target] = []
    modifierExtension: list[msgspec.Raw] = []


class _Unmapped(msgspec.Struct):
    mode: str = ""


class _Group(msgspec.Struct):
    source: str = ""
    target: str = ""
    element: list[_Element] = []
    unmapped: _Unmapped | None = None
    modifierExtension: list[msgspec.Raw] = []


class _ConceptMap(msgspec.Struct):
    resourceType: str = ""
    implicitRules: str = ""
    group: list[_Group] = []
    modifierExtension: list[msgspec.Raw] = []


_decode: Final = msgspec.json.Decoder(_ConceptMap).decode


def read_concept_map(body: bytes) -> dict[Coded, tuple[Coded, ...]]:
    """Each source (system, code) with its targets; ConceptMapUnreadable names the element by FHIRPath."""
    resource = _decoded(body.removeprefix(_BYTE_ORDER_MARK))
    if resource.resourceType != "ConceptMap":
        raise ConceptMapUnreadable("a ConceptMap (FHIR R4) is expected", "ConceptMap.resourceType")
    if resource.implicitRules:
        raise ConceptMapUnreadable("implicit rules are not followed; remove them", "ConceptMap.implicitRules")
    _refuse_modified(resource, "ConceptMap")
    mapping: dict[Coded, dict[Coded, None]] = {}
    for index, group in enumerate(resource.group):
        for source, target in _pairs(group, f"ConceptMap.group[{index}]"):
            mapping.setdefault(source, {})[target] = None
    if not mapping:
        text = "it maps nothing, so that no code of the site would be read; map its codes, or name no ConceptMap"
        raise ConceptMapUnreadable(text, "ConceptMap.group")
    return {source: tuple(targets) for source, targets in mapping.items()}


def _decoded(body: bytes) -> _ConceptMap:
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        # msgspec says what it expected and where, and never repeats a value.
        said, _, where = str(error).partition(" - at `$")
        raise ConceptMapUnreadable(said, f"ConceptMap{where.rstrip('`')}") from None
    except (msgspec.DecodeError, RecursionError):
        raise ConceptMapUnreadable("not readable as JSON", "ConceptMap") from None


def _pairs(group: _Group, path: str) -> Iterator[tuple[Coded, Coded]]:
    _refuse_modified(group, path)
    _required(group.source, f"{path}.source", "name the system of the codes that are mapped")
    _required(group.target, f"{path}.target", "name the system that they are mapped to")
    if group.unmapped is not None and group.unmapped.mode != "provided":
        text = "codes that are not listed keep what they mean; remove it, or give it the mode 'provided'"
        raise ConceptMapUnreadable(text, f"{path}.unmapped")
    for index, element in enumerate(group.element):
        at = f"{path}.element[{index}]"
        _refuse_modified(element, at)
        _required(element.code, f"{at}.code", "name the code that is mapped")
        for number, target in enumerate(element.target):
            if code := _target_code(target, f"{at}.target[{number}]"):
                yield (group.source, element.code), (group.target, code)


def _target_code(target: _Target, path: str) -> str | None:
    _refuse_modified(target, path)
    if target.equivalence in _NO_MAPPING:
        return None
    if target.equivalence not in ACCEPTED:
        text = f"only {', '.join(ACCEPTED)} are read; map the code to something that holds for it always"
        raise ConceptMapUnreadable(text, f"{path}.equivalence")
    if target.dependsOn or target.product:
        element = "dependsOn" if target.dependsOn else "product"
        raise ConceptMapUnreadable("a mapping may not depend on other elements", f"{path}.{element}")
    _required(target.code, f"{path}.code", "name the code that it is mapped to, or say 'unmatched'")
    return target.code


def _required(value: str, path: str, remedy: str) -> None:
    if not value:
        raise ConceptMapUnreadable(f"missing; {remedy}", path)


def _refuse_modified(element: _ConceptMap | _Group | _Element | _Target, path: str) -> None:
    if element.modifierExtension:
        text = "modifier extensions are not understood; remove them"
        raise ConceptMapUnreadable(text, f"{path}.modifierExtension")
