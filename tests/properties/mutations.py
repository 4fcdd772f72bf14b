"""Damage below the JSON syntax: values, types, codes, dates, units and nesting of a request, changed by chance.

A damaged request is made from a seed alone, so a failure names all that is needed to see it again.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Json = dict[str, Any]

NUMBERS: Final = (0, -1, 1, 27, 28, 10**18, 10**30, -(10**400), 0.1, 1e-9, 1e300)
TEXTS: Final = (
    "",
    " ",
    "0",
    "-1",
    "NaN",
    "Infinity",
    "1e5",
    "١٢",
    "12,5",
    "<5",
    ">=",
    "\u0000",
    "\ud7ff\u200f",
    "x" * 5000,
)
SHAPES: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"value": {}},
    [{"coding": [{"code": []}]}],
)
FAMILIAR: Final = ("http://loinc.org", "LA6569-3", "final", "entered-in-error", "Patient/p")
ODD: Final[tuple[Any, ...]] = (*NUMBERS, *TEXTS, *SHAPES, *FAMILIAR)
_UNITS = "mg/L mg/dL MG/L ng/mL nmol/L Cel [degF] {score} 1 % mg pg/mL mm/h"
_CODES = (
    "44261-6 44260-8 44249-1 89204-2 70274-6 30522-7 1988-5 11039-5 54652-3 93246-7 93267-3 192929006 24700007 "
    "69322001 91175000 6471006 G35.A N39.0 T14.91XA L04AC07 J01CA04 8640 82810-3 77386006 LA33-6 LA9194-7 "
    "44261-8 unknown"
)
_SYSTEMS = (
    "http://loinc.org http://snomed.info/sct http://hl7.org/fhir/sid/icd-10-cm http://www.whocc.no/atc "
    "http://www.nlm.nih.gov/research/umls/rxnorm urn:oid:2.16.840.1.113883.6.1 http://unitsofmeasure.org"
)
_KINDS = (
    "Observation Condition MedicationStatement MedicationRequest QuestionnaireResponse Encounter Flag CarePlan "
    "DiagnosticReport Procedure Immunization Medication OperationOutcome Nonsense"
)
_STATUSES = "final preliminary entered-in-error cancelled active inactive completed draft"
_ELEMENTS = (
    "modifierExtension implicitRules dataAbsentReason component hasMember contained valueString valueInteger focus "
    "doNotPerform meta identifier interpretation referenceRange unheardOf"
)
_DATES = (
    "2026 2026-11 2026-11-20 0001-01-01 9999-12-31 2026-02-30 2026-13 20261120 2026-11-20T24:00:00Z 2026-11-20T10:00 "
    "2026-11-20T10:00:00.123456789Z 2026-11-20T10:00:00+99:99 2026-11-20T10:00:60-14:00 T10:00 0000-00-00 "
    "-2026-01-01 2026-11-20T10:00:00+14:00 1900-01-01T00:00:00Z 2300-01-01"
)
DATES, UNITS, CODES, SYSTEMS, KINDS, STATUSES, ELEMENTS = (
    ("", *words.split()) for words in (_DATES, _UNITS, _CODES, _SYSTEMS, _KINDS, _STATUSES, _ELEMENTS)
)
_BY_NAME: Final[dict[str, tuple[Any, ...]]] = {
    "code": CODES + UNITS,
    "unit": UNITS,
    "system": SYSTEMS,
    "resourceType": KINDS,
    "status": STATUSES,
    "linkId": CODES,
}
# Whose the data are is another property, and has its own tests.
SUBJECTS: Final = frozenset({"subject", "patient", "fullUrl"})


class Spot(NamedTuple):
    """One place in a document: a member of an object, or an element of an array."""

    holder: Any
    key: Any


def spots(node: Any) -> list[Spot]:
    """Every place below a node, but for those that say whose the data are."""
    found: list[Spot] = []
    waiting = [node]
    while waiting:
        holder = waiting.pop()
        keys: list[Any] = [*range(len(holder))] if isinstance(holder, list) else [*(holder.keys() - SUBJECTS)]
        keys.sort()
        found += [Spot(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return found


def _fitting(spot: Spot) -> tuple[Any, ...]:
    value = spot.holder[spot.key]
    if isinstance(value, str) and value[:4].isdigit() and "-" in value[:6]:
        return DATES
    return _BY_NAME.get(spot.key, ODD) if isinstance(spot.key, str) else ODD


def _replace(spot: Spot, chance: Random) -> None:
    spot.holder[spot.key] = copy.deepcopy(chance.choice(_fitting(spot)))


def _make_odd(spot: Spot, chance: Random) -> None:
    spot.holder[spot.key] = copy.deepcopy(chance.choice(ODD))


def _drop(spot: Spot, _chance: Random) -> None:
    del spot.holder[spot.key]


def _repeat(spot: Spot, _chance: Random) -> None:
    value = copy.deepcopy(spot.holder[spot.key])
    if isinstance(spot.holder, list):
        spot.holder.insert(spot.key, value)
    else:
        spot.holder[spot.key] = [value, copy.deepcopy(value)]


def _wrap(spot: Spot, chance: Random) -> None:
    value = spot.holder[spot.key]
    for _ in range(chance.choice((1, 1, 2, 40))):
        value = [value] if chance.random() < 0.5 else {"item": value}
    spot.holder[spot.key] = value


def _unwrap(spot: Spot, _chance: Random) -> None:
    value = spot.holder[spot.key]
    if isinstance(value, list) and value:
        spot.holder[spot.key] = value[0]
    elif isinstance(value, dict) and value:
        spot.holder[spot.key] = next(iter(value.values()))


def _spell(spot: Spot, _chance: Random) -> None:
    """Text as a number where it is one, anything else as its JSON in a string."""
    value = spot.holder[spot.key]
    if isinstance(value, str) and value.isascii() and value.isdigit():
        spot.holder[spot.key] = int(value)
    else:
        spot.holder[spot.key] = json.dumps(value)[:2000]


def _add(spot: Spot, chance: Random) -> None:
    """Something that FHIR has elsewhere, or nowhere."""
    value = spot.holder[spot.key]
    if isinstance(value, dict):
        value[chance.choice(ELEMENTS)] = copy.deepcopy(chance.choice(ODD))
    elif isinstance(value, list):
        value.append(copy.deepcopy(chance.choice(ODD)))


_KINDS_OF_DAMAGE = (_replace, _replace, _replace, _make_odd, _drop, _drop, _repeat, _wrap, _unwrap, _spell, _add)
DAMAGES: Final[tuple[Callable[[Spot, Random], None], ...]] = _KINDS_OF_DAMAGE


def damage(node: Any, chance: Random, most: int = 4) -> None:
    """Damages a document in place, in one to `most` places."""
    for _ in range(chance.randint(1, most)):
        found = spots(node)
        if not found:
            return
        chance.choice(DAMAGES)(chance.choice(found), chance)
