"""Code systems by their FHIR address, and the OID spellings under which the same systems also arrive."""

from __future__ import annotations

from typing import Final

CANON: Final = "https://moodmarker.org/fhir"
MEASURAND: Final = f"{CANON}/CodeSystem/measurand"

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
