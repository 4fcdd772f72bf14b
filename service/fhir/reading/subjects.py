"""One patient: every subject in the data has to be the same person, or nothing is evaluated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from service.domain.facts import Patient
from service.errors import InvalidParameter, MixedPatients
from service.fhir.reading.references import identifier_of, identifiers_of, is_id, literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.fhir.reading import resources
    from service.fhir.reading.elements import Reference

_PATIENT: Final = "Patient"
# What a transaction writes for a patient whose id it does not know.
_CONDITIONAL: Final = re.compile(r"Patient\?identifier=([^&]+)")
# Any other absolute address, such as `urn:uuid:...`.
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_MIXED: Final = "The data belong to more than one patient, so nothing was evaluated; send one patient's data at a time."
_NOT_ASKED: Final = (
    "The data are not those of the patient whom the parameter `subject` names, so nothing was evaluated; send the data"
    " of that patient only, with the Patient if `subject` is an identifier, or leave the parameter out."
)


class Subject:
    """The names of the one patient, as they are met; `known` answers for reference texts that were seen before."""

    __slots__ = ("_asked", "_base", "_fallback", "_has_resource", "_id", "_nameless", "_names", "_reference", "known")

    def __init__(self, asked: str | None = None) -> None:
        """`asked` is the reference (or `system|value`) that the caller gave: every subject then has to be it."""
        self.known: dict[str | None, bool] = {}
        self._names: set[str] = set()
        # Of these, what tells two patients apart within the data and names nobody outside of them.
        self._nameless: set[str] = set()
        self._base = ""
        self._id = ""
        self._reference = ""
        self._fallback = ""
        self._has_resource = False
        self._asked = bool(asked)
        if asked:
            self._ask(asked)

    @property
    def is_known(self) -> bool:
        """True once anybody was named."""
        return not self._names <= self._nameless

    def _ask(self, asked: str) -> None:
        parts = literal(asked)
        if parts is not None and parts.kind != _PATIENT:
            raise InvalidParameter("The subject has to be a Patient.", "subject")
        self._adopt(self._names_of_text(asked, "subject") if "|" not in asked else {asked}, asked)

    def add_patient(self, patient: resources.Patient, url: str, expression: str) -> None:
        """Takes a Patient resource of the Bundle; a second person raises MixedPatients."""
        names = {f"{one.system or ''}|{one.value}" for one in identifiers_of(patient.identifier) if one.value}
        own = self._names_of_text(f"{_PATIENT}/{patient.id}", expression) if patient.id else set()
        if url:
            own |= self._names_of_text(url, expression)
        # Two Patient resources are one person only under one id or url; an identifier alone ties a reference to it.
        if self._names and not (self._names & (own if self._has_resource else own | names)):
            raise self._mixed(expression)
        self._has_resource = True
        self._adopt(own | names, "")
        self._fallback = url if url not in self._nameless else ""
        if patient.id and is_id(patient.id):
            self._id = patient.id
            self._fallback = f"{_PATIENT}/{patient.id}"

    def owns(self, reference: Reference, expression: str, kind_of: Callable[[Reference], str]) -> bool | None:
        """True when a subject is the patient, False when it is no patient at all, None when it names nobody.

        `kind_of` gives the type of the resource that a urn means, if it is in the data. Raises MixedPatients.
        """
        text = reference.reference
        if text is not None and text in self.known:
            return self.known[text]
        identifier = identifier_of(reference.identifier)
        if not text and not identifier:
            return None
        parts = literal(text) if text else None
        kind = parts.kind if parts else kind_of(reference) or reference.type or _PATIENT
        verdict = kind == _PATIENT
        if verdict:
            names = self._names_of_text(text, expression) if text else set()
            self._same(names | ({identifier} if identifier else set()), text or "", expression)
        if text:
            self.known[text] = verdict
        return verdict

    def means(self, text: str) -> bool:
        """True when a literal reference is known to mean the patient."""
        parts = literal(text)
        return self.known.get(text, False) or (parts is not None and f"{parts.kind}/{parts.id}" in self._names)

    def owns_contained(self, patient: resources.Patient, expression: str) -> bool:
        """As `owns`, for a Patient that is contained: known by its identifiers, else good for one entry only."""
        names = {f"{one.system or ''}|{one.value}" for one in identifiers_of(patient.identifier) if one.value}
        if not names:
            self._nameless.add(expression)
        self._same(names or {expression}, "", expression)
        return True

    def _same(self, names: set[str], reference: str, expression: str) -> None:
        if self._names and not self._names & names:
            raise self._mixed(expression)
        # With a Patient resource, or an answer to who is meant, further names have to be told there.
        self._adopt(names if not (self._has_resource or self._asked) else set(), reference)

    def _adopt(self, names: set[str], reference: str) -> None:
        self._names |= names
        # A search or an identifier names the patient here, but is no reference to give back.
        if "?" in reference or "|" in reference or reference in self._nameless:
            return
        if reference and (not self._reference or self._reference.startswith("urn:")):
            parts = literal(reference)
            self._reference = reference if parts is None else "/".join(filter(None, parts))

    def _names_of_text(self, text: str, expression: str) -> set[str]:
        """The names in a literal reference; a second server is a second patient, whatever the id."""
        parts = literal(text)
        if parts is None:
            searched = _CONDITIONAL.fullmatch(text)
            name = unquote(searched[1]) if searched else text
            if "|" not in name if searched else _ADDRESS.fullmatch(name) is None:
                self._nameless.add(name)
            return {name}
        if parts.base and self._base and parts.base != self._base:
            raise self._mixed(expression)
        self._base = parts.base or self._base
        self._id = self._id or parts.id
        return {f"{_PATIENT}/{parts.id}"}

    def _mixed(self, expression: str) -> MixedPatients:
        return MixedPatients(_NOT_ASKED if self._asked else _MIXED, expression)

    def key(self) -> str:
        """`Patient/{id}`, else the first identifier, else whatever name there is."""
        if self._id:
            return f"{_PATIENT}/{self._id}"
        names = self._names - self._nameless
        return min((name for name in names if "|" in name), default=min(names, default=""))

    def patient(self) -> Patient:
        """The patient with nothing known but the name."""
        key = self.key()
        reference = self._reference or self._fallback
        if reference.startswith("urn:") and self._id:
            reference = key
        return Patient(key, reference)
