"""What CDS clients are asked to send along: a FHIR query for each key, made from what the rules read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain.needs import needs
from service.fhir.client.searches import OURS, Search

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.rule import Rule
    from service.terminology import Terminology

PATIENT_KEY: Final = "patient"
SAFETY_KEY: Final = "safetyObservations"
OTHER_KEY: Final = "observations"
PATIENT_TOKEN: Final = "{{context.patientId}}"  # noqa: S105 - it is no secret
# The most that large systems give on one page; patients with more of a kind have further pages.
MOST: Final = 200
_OBSERVATION: Final = "Observation"
# By which each type is sorted, the newest first: what one page leaves out is then the oldest.
_DATED_BY: Final = {
    "CarePlan": "date",
    "Condition": "recorded-date",
    "DiagnosticReport": "date",
    "Encounter": "date",
    "Flag": "date",
    "Immunization": "date",
    "MedicationAdministration": "effective-time",
    "MedicationDispense": "whenhandedover",
    "MedicationRequest": "authoredon",
    "MedicationStatement": "effective",
    _OBSERVATION: "date",
    "Procedure": "date",
    "QuestionnaireResponse": "authored",
}
_WORDS: Final = {SAFETY_KEY: "answers and scores about safety", OTHER_KEY: "other scores and results"}
_CAPITAL: Final = re.compile("[A-Z]")


class Template(NamedTuple):
    """One prefetch key: a search by patient, or (without parameters) the Patient itself.

    `is_safety`: a rule that warns of danger reads it.
    """

    key: str
    resource_type: str
    parameters: tuple[tuple[str, str], ...]
    is_safety: bool

    @property
    def query(self) -> str:
        """The template as the discovery document gives it."""
        if not self.parameters:
            return f"{self.resource_type}/{PATIENT_TOKEN}"
        return f"{self.resource_type}?" + "&".join(f"{name}={value}" for name, value in self.parameters)

    @property
    def words(self) -> str:
        """The key as people read it: `medication requests`."""
        return _WORDS.get(self.key) or _CAPITAL.sub(lambda found: f" {found[0].lower()}", self.key)

    def search(self, patient: str) -> Search:
        """The search for one patient's id."""
        found = tuple((name, value.replace(PATIENT_TOKEN, patient)) for name, value in self.parameters)
        return Search(self.resource_type, found)


def templates(rules: Iterable[Rule], terminology: Terminology) -> tuple[Template, ...]:
    """Everything that these rules read, the Patient first; it takes a while, and is the same for every request.

    CDS Hooks 2.0 knows no dates in a template, so each type is asked for newest first. Codes are named without their
    systems, which keeps the query short and finds a few more resources than are read.
    """
    rules = tuple(rules)
    safety = [rule for rule in rules if rule.safety]
    urgent = _codes(safety, terminology)
    codes = _codes(rules, terminology) | {code for _, code in terminology.refused}
    kinds, safety_kinds = _kinds(rules) - {_OBSERVATION}, _kinds(safety)
    return (
        Template(PATIENT_KEY, "Patient", (), is_safety=True),
        _search(SAFETY_KEY, _OBSERVATION, is_safety=True, codes=urgent),
        _search(OTHER_KEY, _OBSERVATION, is_safety=False, codes=codes - urgent),
        *(
            _search(_key_of(kind), kind, is_safety=kind in safety_kinds)
            for kind in sorted(kinds | set(OURS), key=lambda kind: (kind not in safety_kinds, kind))
        ),
    )


def _kinds(rules: Iterable[Rule]) -> set[str]:
    return {need.resource_type for rule in rules for need in needs(rule)} - {"Patient"}


def _codes(rules: Iterable[Rule], terminology: Terminology) -> set[str]:
    read = (need for rule in rules for need in needs(rule) if need.resource_type == _OBSERVATION)
    return {code.code for need in read for subject in need.subjects for code in terminology.codes_of(subject)}


def _search(key: str, kind: str, *, is_safety: bool, codes: Iterable[str] = ()) -> Template:
    asked = (("code", ",".join(sorted(codes))),) if codes else ()
    sort = (("_sort", f"-{_DATED_BY[kind]}"), ("_count", str(MOST)))
    return Template(key, kind, (("patient", PATIENT_TOKEN), *asked, *sort), is_safety)


def _key_of(kind: str) -> str:
    """The type in the plural, as keys are usually called."""
    name = kind[0].lower() + kind[1:]
    return f"{name}s"
