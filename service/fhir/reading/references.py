"""Literal references, and which entry of the Bundle each one means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Raw, ValidationError

from service.fhir.reading.codes import loinc_of
from service.fhir.reading.elements import Identifier, given
from service.fhir.reading.receiving import Broken
from service.fhir.reading.resources import Identified, Questionnaire, QuestionnaireResponse

if TYPE_CHECKING:
    from service.fhir.reading.elements import Reference
    from service.fhir.reading.receiving import Received
    from service.fhir.reading.resources import Entry

# An id may have more signs than FHIR lets it have, but only such as are seen and mean nothing in a URL.
_ID: Final = r"[^/#?|\x00-\x20\x7f-\U0010ffff]{1,64}"
_NAME: Final = re.compile(_ID)
_LITERAL: Final = re.compile(rf"(?:(?P<base>[!-~]+)/)?(?P<kind>[A-Z][A-Za-z]+)/(?P<id>{_ID})(?:/_history/(?:{_ID}))?")
_new: Final = tuple.__new__
_IDENTIFIER: Final = msgspec.json.Decoder(Identifier)
_IDENTIFIERS: Final = msgspec.json.Decoder(list[Identifier | None])


_FORM: Final = "Questionnaire"


class Literal(NamedTuple):
    """The parts of a reference such as `http://ehr.example/fhir/Patient/1/_history/2`; `base` is empty if relative."""

    base: str
    kind: str
    id: str


def literal(text: str) -> Literal | None:
    """The parts of a relative or absolute reference, without its version; None for anything else."""
    found = _LITERAL.fullmatch(text)
    return _new(Literal, found.groups("")) if found else None


def is_id(text: str) -> bool:
    """True for what can be the id of a resource in a reference."""
    return _NAME.fullmatch(text) is not None


def fragment(reference: Reference) -> str:
    """The id of a contained resource that a reference means; empty for any other reference."""
    text = reference.reference or ""
    return text[1:] if text.startswith("#") else ""


def identifier_of(raw: Raw) -> str:
    """`system|value` of one identifier; empty when there is no value, or when it cannot be read."""
    try:
        one = _IDENTIFIER.decode(raw) if given(raw) else None
    except ValidationError:
        return ""
    return f"{one.system or ''}|{one.value}" if one and one.value else ""


def identifiers_of(raw: Raw) -> list[Identifier]:
    """The identifiers of a resource; none when they cannot be read."""
    try:
        return [one for one in _IDENTIFIERS.decode(raw) if one is not None] if given(raw) else []
    except ValidationError:
        return []


def names_of(url: object, full_url: str | None, name: object) -> set[str]:
    """What responses may call a Questionnaire by: its canonical url, and as some do, its address."""
    relative = f"{_FORM}/{name}" if isinstance(name, str) and name else None
    return {one for one in (url, full_url, relative) if isinstance(one, str) and one}


def server_of(entry: Entry) -> str:
    """The server in an entry's address; empty where the address names none."""
    scheme, _, rest = (entry.fullUrl or "").partition("://")
    return rest.partition("/")[0].lower() if scheme in ("http", "https") else ""


class Index:
    """Finds the entry that a reference means; made on first use, for most Bundles need none."""

    __slots__ = (
        "_answered",
        "_base",
        "_by_identifier",
        "_by_key",
        "_by_url",
        "_forms",
        "_forms_without_address",
        "_received",
    )

    def __init__(self, received: Received) -> None:
        self._received = received
        self._by_url: dict[str | None, int] | None = None
        self._by_key: dict[str, int] | None = None
        self._by_identifier: dict[tuple[str, str], int] | None = None
        self._forms: dict[str, list[tuple[int, Questionnaire]]] | None = None
        self._forms_without_address: dict[str, list[tuple[int, Questionnaire]]] = {}
        self._answered: set[str] | None = None
        # The entry that was asked about last, and the base of its fullUrl: most ask about several references.
        self._base = (-1, "")

    def find(self, reference: Reference, at: int) -> int | None:
        """The index of the entry that is meant by a reference in entry `at`."""
        text = reference.reference
        if text:
            return self._literal(text, at)
        name = identifier_of(reference.identifier)
        return self._identified(reference.type or "", name) if name else None

    def around(self, at: int) -> tuple[dict[str | None, int], str]:
        """The entries by their addresses, and the base of entry `at`, which its relative references have."""
        by_url = self._by_url
        if by_url is None:
            by_url = self._by_url = {entry.fullUrl: index for index, entry in enumerate(self._received.entries)}
        if self._base[0] != at:
            parts = literal(self._received.entries[at].fullUrl or "")
            self._base = at, parts.base if parts else ""
        return by_url, self._base[1]

    def forms(self, url: str) -> list[tuple[int, Questionnaire]]:
        """The Questionnaires with a url, else those that may have this address, with the indexes of their entries."""
        if self._forms is None:
            self._forms = {}
            for index, entry in enumerate(self._received.entries):
                if isinstance(entry.resource, Questionnaire):
                    for name in names_of(entry.resource.url, entry.fullUrl, entry.resource.id):
                        self._forms.setdefault(name, []).append((index, entry.resource))
                    if entry.resource.id and not server_of(entry):
                        self._forms_without_address.setdefault(entry.resource.id, []).append((index, entry.resource))
        found = self._forms.get(url)
        parts = None if found else literal(url)
        if parts is None or parts.kind != _FORM:
            return found or []
        # One with an address of its own is not that of another server.
        return self._forms_without_address.get(parts.id, [])

    def is_answered(self, names: set[str]) -> bool:
        """Whether a response in the Bundle names the form of one of these names, and cannot be read without it."""
        if self._answered is None:
            self._answered = set()
            for entry in self._received.entries:
                named = _form_needed(entry)
                url = named.partition("|")[0].strip()
                parts = literal(url)
                self._answered |= {url, f"{_FORM}/{parts.id}" if parts is not None else url} - {""}
        return not names.isdisjoint(self._answered)

    def _literal(self, text: str, at: int) -> int | None:
        """By address, relative or as it is, without its version, and at last by type and id alone."""
        by_url, base = self.around(at)
        found = by_url.get(f"{base}/{text}") if base else None
        if found is not None:
            return found
        if text in by_url:
            return by_url[text]
        parts = literal(text)
        if parts is None:
            return None
        key = f"{parts.kind}/{parts.id}"
        base = parts.base or base
        found = by_url.get(f"{base}/{key}") if base else None
        return self._keys().get(key) if found is None else found

    def _keys(self) -> dict[str, int]:
        if self._by_key is None:
            self._by_key = {
                f"{entry.resource.kind}/{entry.resource.id}": index
                for index, entry in enumerate(self._received.entries)
                if entry.resource is not None and entry.resource.id
            }
        return self._by_key

    def _identified(self, kind: str, name: str) -> int | None:
        if self._by_identifier is None:
            self._by_identifier = {
                (entry.resource.kind, f"{one.system or ''}|{one.value}"): index
                for index, entry in enumerate(self._received.entries)
                if isinstance(entry.resource, Identified)
                for one in identifiers_of(entry.resource.identifier)
            }
        return self._by_identifier.get((kind, name))


def _form_needed(entry: Entry) -> str:
    """The form that a response names and cannot be read without; empty for anything else."""
    if isinstance(entry, Broken):
        named = entry.document.get("questionnaire")
        return named if isinstance(named, str) else ""
    response = entry.resource
    if not isinstance(response, QuestionnaireResponse) or not response.questionnaire:
        return ""
    waiting = list(response.item or ())
    while waiting:
        item = waiting.pop()
        if item.answer and not loinc_of(item.linkId or ""):
            return response.questionnaire
        waiting += item.item or ()
        waiting += [inner for one in item.answer or () for inner in one.item or ()]
    return ""
