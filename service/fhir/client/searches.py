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

# Of all other types a patient has few, and what the rules count or recognise among them they have to see first.
_BY_CODE: Final = "Observation"
# Our own earlier answers; R4 has no search for a Flag's status or code.
OURS: Final = ("Flag", "CarePlan")
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
    """What is read of one resource type: its codes (none: all), and how many days back (None: since ever)."""

    resource_type: str
    codes: tuple[str, ...] = ()
    days: int | None = None


def reaches(rules: Iterable[Rule], terminology: Terminology) -> tuple[Reach, ...]:
    """Everything that these rules read, one for each resource type; it takes a while, and is the same every day."""
    found: dict[str, list[Need]] = {}
    for rule in rules:
        for need in needs(rule):
            if need.resource_type != "Patient":
                found.setdefault(need.resource_type, []).append(need)
    read = [_reach(name, of, terminology) for name, of in sorted(found.items())]
    return (*read, *(Reach(name) for name in OURS if name not in found))


def _reach(name: str, of: list[Need], terminology: Terminology) -> Reach:
    if name != _BY_CODE:
        return Reach(name)
    known = [need.days for need in of if need.days is not None]
    codes = {f"{code.system}|{code.code}" for need in of for one in need.subjects for code in terminology.codes_of(one)}
    codes |= {f"{system}|{code}" for system, code in terminology.refused}
    return Reach(name, tuple(sorted(codes)), max(known) if len(known) == len(of) else None)


def search(reach: Reach, patient: str, today: int, *, count: int, by_code: bool) -> Search:
    """The search of one reach for one patient's id; `today` is a day ordinal, without `by_code` all codes are asked."""
    parameters = [("patient", f"Patient/{patient}")]
    if by_code and reach.codes:
        parameters.append(("code", ",".join(reach.codes)))
    if reach.days is not None:
        since = date.fromordinal(max(today - reach.days - _MARGIN, 1))
        parameters.append(("date", f"ge{since.isoformat()}"))
    parameters.append(("_count", str(count)))
    return Search(reach.resource_type, tuple(parameters))
