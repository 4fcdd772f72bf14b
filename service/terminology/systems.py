"""Code systems by their FHIR address, and the OID spellings under which the same systems also arrive."""

from __future__ import annotations

from typing import Final

CANON: Final = "https://moodmarker.org/fhir"
MEASURAND: Final = f"{CANON}/CodeSystem/measurand"
OVERRIDE_REASON: Final = f"{CANON}/CodeSystem/override-reason"

LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC: Final = "http://www.whocc.no/atc"
UCUM: Final = "http://unitsofmeasure.org"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

_OIDS: Final = {
    LOINC: "2.16.840.1.113883.6.1",
    SNOMED: "2.16.840.1.113883.6.96",
    ICD10CM: "2.16.840.1.113883.6.90",
    ICD10: "2.16.840.1.113883.6.3",
    RXNORM: "2.16.840.1.113883.6.88",
    ATC: "2.16.840.1.113883.6.73",
    UCUM: "2.16.840.1.113883.6.8",
    ACT_CODE: "2.16.840.1.113883.5.4",
}


def spellings(system: str) -> tuple[str, ...]:
    """Every address under which a system's codes are read, its own first."""
    oid = _OIDS.get(system)
    return (system,) if oid is None else (system, f"urn:oid:{oid}")


ICD_SYSTEMS: Final = frozenset(spellings(ICD10CM) + spellings(ICD10))
ATC_SYSTEMS: Final = frozenset(spellings(ATC))
UCUM_SYSTEMS: Final = frozenset(spellings(UCUM))
_HOSTS: Final = ("https://", "http://", "www.", "urn:oid:")


def _bare(system: str) -> str:
    """An address without what people spell differently: the scheme, capitals, a version, a slash at the end."""
    bare = system.strip().casefold().partition("|")[0]
    for start in _HOSTS:
        bare = bare.removeprefix(start)
    return bare.rstrip("/#")


_BARE: Final = {_bare(spelling): system for system in _OIDS for spelling in spellings(system)} | {
    "loinc": LOINC,
    "snomed": SNOMED,
    "snomedct": SNOMED,
    "snomed-ct": SNOMED,
    "snomed ct": SNOMED,
    "icd-10-cm": ICD10CM,
    "icd-10": ICD10,
}
_SPELLINGS: Final = frozenset(spelling for system in _OIDS for spelling in spellings(system))


def meant_by(system: str) -> tuple[str, ...]:
    """The code systems that a misspelt address may stand for, all of them if there is none; empty for any other."""
    if system in _SPELLINGS:
        return ()
    if not system.strip():
        return tuple(_OIDS)
    bare = _bare(system)
    # An edition of SNOMED CT belongs into the version.
    found = SNOMED if bare.startswith(_bare(SNOMED) + "/") else _BARE.get(bare)
    return () if found is None else (found,)
