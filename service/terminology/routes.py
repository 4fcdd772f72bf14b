"""Routes by which a corticosteroid acts where it is applied; any other recorded route is systemic."""

from __future__ import annotations

from typing import Final

from service.terminology.rows import A, B, C, Row, Tier, snomed

_HL7: Final = "HL7 FHIR R4 value set route-codes"


def _local(code: str, display: str, tier: Tier, evidence: str) -> Row[bool]:
    return snomed(code, display, True, tier, evidence)


LOCAL_ROUTES: Final = (
    _local("6064005", "Topical route", A, _HL7),
    _local("10547007", "Otic route", A, _HL7),
    _local("12130007", "Intra-articular route", A, _HL7),
    _local("16857009", "Per vagina", A, _HL7),
    _local("37161004", "Per rectum", A, _HL7),
    _local("46713006", "Nasal route", B, "several national FHIR guides (route of administration)"),
    _local("447694001", "Respiratory tract route", B, "HL7 Belgium route of administration value set"),
    _local("54485002", "Ophthalmic route", C, "metriport/metriport and other public route tables"),
)
