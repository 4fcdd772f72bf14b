"""Bytes to entries: the whole Bundle at once, and entry by entry when one of them has a wrong type somewhere."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Raw, ValidationError

from service.errors import BodyUnreadable
from service.fhir.reading.elements import ABSENT, NULL, Coding, Element, Link, Meta, Search, given
from service.fhir.reading.nesting import LIMITS, ReadingLimits
from service.fhir.reading.resources import TYPES, Bundle, Entry, Resource
from service.fhir.reading.shapes import joined, where_and_what, wrong_type
from service.fhir.reading.shortfalls import SUBSETTED, Said, Shortfall, is_marked_subsetted, shortfalls

T = TypeVar("T")

_REFUSED_TYPES: Final = frozenset({"history", "message"})
_LONGEST_NAME: Final = 60
_LEVELS: Final = 3
_OTHER_NAMES: Final = """
ActorDefinition ArtifactAssessment BiologicallyDerivedProductDispense BodySite ConditionDefinition DataElement
DeviceAssociation DeviceComponent DeviceDispense DeviceUsage EligibilityRequest EligibilityResponse EncounterHistory
ExpansionProfile FormularyItem GenomicStudy ImagingManifest ImagingSelection InventoryItem InventoryReport
NutritionIntake Permission ProcedureRequest ProcessRequest ProcessResponse ReferralRequest Requirements Sequence
ServiceDefinition TestPlan Transport
"""
# Resource types of FHIR R5 and STU3 that R4 has not: rightly spelt, and read by no rule.
_OTHER_RELEASES: Final = frozenset(_OTHER_NAMES.split())
_ENTRY: Final = msgspec.json.Decoder(Entry)
_RAWS: Final = msgspec.json.Decoder(list[Raw])
_META: Final = msgspec.json.Decoder(Meta)
_LINKS: Final = msgspec.json.Decoder(list[Link])


class _Envelope(Element):
    type: Raw = ABSENT
    meta: Raw = ABSENT
    total: Raw = ABSENT
    implicitRules: Raw = ABSENT
    link: Raw = ABSENT
    entry: Raw = ABSENT


class _RawEntry(Element):
    resource: Raw = ABSENT


class _RawParameter(Element):
    resource: Raw = ABSENT


class _RawParameters(Element):
    parameter: list[_RawParameter] | None = None


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_RAW_PARAMETERS: Final = msgspec.json.Decoder(_RawParameters)
_RAW_ENTRY: Final = msgspec.json.Decoder(_RawEntry)


# Most Bundles are short: their FHIRPaths are made once.
_EXPRESSIONS: Final = tuple(f"Bundle.entry[{index}].resource" for index in range(2048))


_PARAMETERS: Final = "Parameters within a Bundle are not read; send the resources in them as entries of the Bundle."
_NO_TYPE: Final = "A resource without a type cannot be read; give every resource its resourceType."


class Broken(Entry):
    """An entry with a wrong type somewhere: `element` says where, below the entry; `document` is its resource.

    `is_unknown`: there is no resource type of its name, and `kind` is the nearest, if any is near.
    `is_bundle`: it is a Bundle or Parameters, and nothing is known of what it holds; without a `text` it nests deeper
    than is read.
    """

    kind: str = ""
    element: str = ""
    text: str = ""
    document: dict[str, Any] = msgspec.field(default_factory=dict)
    is_unknown: bool = False
    is_bundle: bool = False


class Place(NamedTuple):
    """Where an entry stands: the FHIRPath of its resource, and the way to its bytes."""

    expression: str
    way: tuple[int, ...]


class Received:
    """The entries of a Bundle in order; those of Bundles within it stand in the place of their Bundle."""

    __slots__ = (
        "_body",
        "_lists",
        "_parameter",
        "entries",
        "expressions",
        "kinds",
        "limits",
        "places",
        "resources",
        "shortfalls",
        "type",
    )

    def __init__(self, body: bytes | Raw, parameter: int | None = None, limits: ReadingLimits = LIMITS) -> None:
        """`body` is the Bundle as received, or Parameters with the Bundle in one; `receive` fills in the rest."""
        self._body = body
        self._parameter = parameter
        self.limits = limits
        self._lists: dict[tuple[int, ...], list[Raw]] = {}
        self.entries: list[Entry] = []
        # What the entries hold, in their order, and of which types that is.
        self.resources: list[Resource | None] = []
        self.kinds: set[type] = set()
        # What it and the Bundles within it show to be missing.
        self.shortfalls: list[Shortfall] = []
        self.type: str | None = None
        self.places: list[Place] | None = None
        # The FHIRPath of each entry's resource.
        self.expressions: Sequence[str] = _EXPRESSIONS

    @property
    def has_escapes(self) -> bool:
        """False when no text of the body can hold a control character: JSON has to escape those."""
        return b"\\" in bytes(self._body)

    def raw(self, index: int) -> bytes:
        """The bytes of an entry's resource as they were received."""
        way = (index,) if self.places is None else self.places[index].way
        return bytes(self._resource(way))

    def _resource(self, way: tuple[int, ...]) -> bytes | Raw:
        """The Bundle itself, or the resource of an entry in it."""
        if not way:
            if self._parameter is None:
                return self._body
            return (_RAW_PARAMETERS.decode(self._body).parameter or [])[self._parameter].resource
        return _RAW_ENTRY.decode(self.raws(way[:-1])[way[-1]]).resource

    def raws(self, way: tuple[int, ...]) -> Sequence[Raw]:
        """The bytes of the entries of a Bundle."""
        if way not in self._lists:
            entries = _ENVELOPE.decode(self._resource(way)).entry
            self._lists[way] = _RAWS.decode(entries) if given(entries) else []
        return self._lists[way]


def receive(
    body: bytes | Raw,
    decoded: Bundle | None = None,
    parameter: int | None = None,
    limits: ReadingLimits = LIMITS,
) -> Received:
    """The entries of the Bundle in `body` (or in one of its parameters); `decoded` is that Bundle if it has no fault.

    Raises BodyUnreadable for what is not a Bundle that can be read.
    """
    received = Received(body, parameter, limits)
    if decoded is None:
        _receive_raw(received, body, "Bundle", ())
    else:
        _receive_decoded(received, decoded)
    if received.places is not None:
        received.expressions = [place.expression for place in received.places]
        received.resources = [entry.resource for entry in received.entries]
        received.kinds = set(map(type, received.resources))
    elif len(received.entries) > len(_EXPRESSIONS):
        received.expressions = [f"Bundle.entry[{index}].resource" for index in range(len(received.entries))]
    return received


def _receive_decoded(received: Received, bundle: Bundle) -> None:
    _check(bundle.type, bundle.implicitRules, "Bundle")
    received.type = bundle.type
    entries = bundle.entry or []
    resources = [entry.resource for entry in entries]
    kinds = set(map(type, resources))
    if Bundle in kinds:
        received.places = []
        _add_nested(received, bundle, "Bundle", ())
    else:
        received.entries, received.resources, received.kinds = entries, resources, kinds
        _note_shortfalls(received, bundle, "Bundle", (), is_bare=type(None) in kinds)


def _add_nested(received: Received, bundle: Bundle, path: str, way: tuple[int, ...]) -> None:
    is_bare = any(entry.resource is None for entry in bundle.entry or ())
    _note_shortfalls(received, bundle, path, way, is_bare=is_bare)
    for index, entry in enumerate(bundle.entry or []):
        place = Place(f"{path}.entry[{index}].resource", (*way, index))
        if type(entry.resource) is not Bundle:
            _add(received, entry, place)
        else:
            _inside(received, place, entry.resource, _add_checked)


def _note_shortfalls(received: Received, bundle: Bundle, path: str, way: tuple[int, ...], *, is_bare: bool) -> None:
    entries, raws = bundle.entry or (), partial(received.raws, way)
    received.shortfalls += shortfalls(
        Said(path, bundle.type, bundle.total, bundle.link, bundle.meta, entries, raws, is_bare)
    )


def _add_checked(received: Received, bundle: Bundle, path: str, way: tuple[int, ...]) -> None:
    _check(bundle.type, bundle.implicitRules, path)
    _add_nested(received, bundle, path, way)


def _inside(
    received: Received, place: Place, bundle: T, add: Callable[[Received, T, str, tuple[int, ...]], None]
) -> None:
    """A Bundle within the Bundle: if it cannot be read, or is too deep within, it alone is rejected."""
    # Each is a resource of an entry of a list: with every level the places of all entries in it grow longer.
    if _LEVELS * (len(place.way) + 1) >= received.limits.depth:
        _add(received, Broken(element="resource", is_bundle=True), place)
        return
    try:
        add(received, bundle, *place)
    except BodyUnreadable as unreadable:
        element = unreadable.expression.removeprefix(place.expression.removesuffix("resource"))
        _add(received, Broken(element=element, text=unreadable.text, is_bundle=True), place)


def _add(received: Received, entry: Entry, place: Place) -> None:
    received.entries.append(entry)
    if received.places is not None:
        received.places.append(place)


def _receive_raw(received: Received, body: bytes | Raw, path: str, way: tuple[int, ...]) -> None:
    """Entry by entry, so that a wrong type costs only the entry it is in."""
    received.places = received.places if received.places is not None else []
    envelope = _decoded(_ENVELOPE, body, path)
    _check(_text(envelope.type), _text(envelope.implicitRules), path)
    if not way:
        received.type = _text(envelope.type)
    links = _decoded(_LINKS, envelope.link, f"{path}.link") if given(envelope.link) else None
    raws = _decoded(_RAWS, envelope.entry, f"{path}.entry") if given(envelope.entry) else []
    entries = list(map(_entry, raws))
    looked_at = [Entry() if isinstance(entry, Raw) else entry for entry in entries]
    kind, is_bare = _text(envelope.type), any(entry.resource is None for entry in looked_at)
    said = Said(path, kind, envelope.total, links, _meta(envelope.meta), looked_at, lambda: raws, is_bare)
    received.shortfalls += shortfalls(said)
    for index, entry in enumerate(entries):
        place = Place(f"{path}.entry[{index}].resource", (*way, index))
        if isinstance(entry, Raw):
            _inside(received, place, entry, _receive_raw)
        elif isinstance(entry.resource, Bundle):
            _inside(received, place, entry.resource, _add_checked)
        else:
            _add(received, entry, place)


def _entry(raw: Raw) -> Entry | Raw:
    """One entry; a Bundle with a fault inside comes back as its bytes."""
    if raw == NULL:
        return Entry()
    try:
        return _ENTRY.decode(raw)
    except ValidationError as error:
        return _broken(raw, error)


def _broken(raw: Raw, error: ValidationError) -> Entry | Raw:
    element, fault = where_and_what(error)
    entry = json.loads(bytes(raw), parse_int=float)
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict):
        return Broken(element=element, text=wrong_type(fault))
    kind = resource.get("resourceType")
    if kind == "Bundle":
        return _RAW_ENTRY.decode(raw).resource
    if kind == "Parameters":
        return Broken(kind=kind, element="resource.resourceType", text=_PARAMETERS, is_bundle=True)
    if not isinstance(kind, str):
        return Broken(kind="", element="resource.resourceType", text=_NO_TYPE, document=resource)
    url = entry["fullUrl"] if isinstance(entry.get("fullUrl"), str) else None
    broken = Broken(fullUrl=url, kind=kind, element=element, text=wrong_type(fault), document=resource)
    search = entry.get("search")
    if isinstance(search, dict) and isinstance(search.get("mode"), str):
        broken.search = Search(search["mode"])
    if not is_type(kind):
        broken.kind, broken.text = unknown_type(kind)
        broken.element, broken.is_unknown = "resource.resourceType", True
    return broken


def is_type(name: str) -> bool:
    """True for the name of a resource type of R4, or of another release; those of R5 and STU3 are not read."""
    return name in TYPES or name in _OTHER_RELEASES


def unknown_type(name: str) -> tuple[str, str]:
    """The resource type that a name nearly spells, empty if there is none, and what to say of it."""
    near = difflib.get_close_matches(name[:_LONGEST_NAME], TYPES, n=1)
    hint = f"the nearest name is {near[0]}" if near else "send one such as Observation"
    return near[0] if near else "", f"FHIR R4 has no resource type of this name, so it cannot be read; {hint}."


def _decoded(decoder: msgspec.json.Decoder[T], raw: bytes | Raw, path: str) -> T:
    try:
        return decoder.decode(raw)
    except ValidationError as error:
        element, fault = where_and_what(error)
        raise BodyUnreadable(wrong_type(fault), joined(path, element)) from None


def _meta(raw: Raw) -> Meta | None:
    """What marks a Bundle, where that can be read; anything else is passed over."""
    try:
        return _META.decode(raw) if given(raw) else None
    except ValidationError:
        return Meta(tag=[Coding(code=SUBSETTED)]) if is_marked_subsetted(raw) else None


def _text(raw: Raw) -> str | None:
    """A string that a Bundle says of itself; anything else is passed over."""
    value = msgspec.json.decode(raw) if given(raw) else None
    return value if isinstance(value, str) else None


def is_refused(kind: object, rules: object) -> bool:
    """True for what a Bundle may say of itself that keeps it from being read."""
    return bool(rules) or (isinstance(kind, str) and kind in _REFUSED_TYPES)


def _check(kind: str | None, rules: str | None, path: str) -> None:
    if kind in _REFUSED_TYPES:
        text = "A Bundle of type history or message is not read; send a collection, searchset, document or transaction."
        raise BodyUnreadable(text, f"{path}.type")
    if rules:
        raise BodyUnreadable("A Bundle with implicitRules is not read; send it without.", f"{path}.implicitRules")
