"""What is asked of a FHIR server: one search for each resource type that a rule reads, with its codes and reach."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from service.domain.needs import needs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.needs import Need
    from service.domain.rule import Rule
    from service.terminology import Terminology

# Read whole: few a patient has, and what the rules count or recognise among them they have to see first.
_WITHOUT_CODES: Final = frozenset(
    {
        "CarePlan",
        "Condition",
        "DiagnosticReport",
        "Encounter",
        "Flag",
        "Immunization",
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationRequest",
        "MedicationStatement",
        "Procedure",
        "QuestionnaireResponse",
    }
)
# Our own earlier answers; R4 has no search for a Flag's status or code.
_OURS: Final = ("Flag", "CarePlan")
_DATED: Final = {"Observation": "date"}
# Dates in a feed lie in their own offsets: a day more on either side.
_MARGIN: Final = 1


class Search(NamedTuple):
    """A type-level search, its parameters in order."""

    resource_type: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def query(self) -> str:
        """The parameters as they stand in a URL or a form."""
        return urlencode(self.parameters, safe="|,:/")


class Reach(NamedTuple):
    """What is read of one resource type: its codes, and the earliest day (None: since ever)."""

    resource_type: str
    codes: tuple[str, ...]
    since: int | None


def reaches(rules: Iterable[Rule], terminology: Terminology, today: int) -> tuple[Reach, ...]:
    """Everything that these rules read up to a day, one for each resource type; `today` is a day ordinal."""
    found: dict[str, list[Need]] = {}
    for rule in rules:
        for need in needs(rule):
            if need.resource_type != "Patient":
                found.setdefault(need.resource_type, []).append(need)
    read = [_reach(name, of, terminology, today) for name, of in sorted(found.items())]
    return (*read, *(Reach(name, (), None) for name in _OURS if name not in found))


def _reach(name: str, of: list[Need], terminology: Terminology, today: int) -> Reach:
    days = [need.days for need in of]
    since = None if None in days else today - max(day for day in days if day is not None) - _MARGIN
    if name in _WITHOUT_CODES:
        return Reach(name, (), None)
    codes = {f"{code.system}|{code.code}" for need in of for one in need.subjects for code in terminology.codes_of(one)}
    return Reach(name, tuple(sorted(codes)), since)


def search(reach: Reach, patient: str, *, count: int, by_code: bool) -> Search:
    """The search of one reach for one patient's id; without `by_code` the codes are filtered here."""
    parameters = [("patient", f"Patient/{patient}")]
    if by_code and reach.codes:
        parameters.append(("code", ",".join(reach.codes)))
    if reach.since is not None and reach.resource_type in _DATED:
        parameters.append((_DATED[reach.resource_type], f"ge{date.fromordinal(max(reach.since, 1)).isoformat()}"))
    parameters.append(("_count", str(count)))
    return Search(reach.resource_type, tuple(parameters))
