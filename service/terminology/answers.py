"""Answer codes and the number each stands for; a code answers only questions whose scale it is on."""

from __future__ import annotations

from typing import Final

from service.domain import analytes as measured
from service.domain.analytes import Analyte
from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, Item
from service.terminology.rows import A, Row, loinc, snomed
from service.terminology.sources import BEHAVIORAL, US_CORE, US_CORE_PHQ9
from service.terminology.systems import MEASURAND

Scale = tuple[Row[int], ...]
Asked = Item | Analyte | None


def _own(code: str, display: str, value: int) -> Row[int]:
    return Row(MEASURAND, code, display, value, A, "defined here for sites to map to")


FREQUENCY: Final[Scale] = (
    loinc("LA6568-5", "Not at all", 0, A, US_CORE_PHQ9),
    loinc("LA6569-3", "Several days", 1, A, US_CORE_PHQ9),
    loinc("LA6570-1", "More than half the days", 2, A, US_CORE_PHQ9),
    loinc("LA6571-9", "Nearly every day", 3, A, US_CORE_PHQ9),
)

YES_NO: Final[Scale] = (
    loinc("LA33-6", "Yes", 1, A, BEHAVIORAL),
    loinc("LA32-8", "No", 0, A, BEHAVIORAL),
)

PRESENCE: Final[Scale] = (
    _own("present", "Present", 1),
    _own("absent", "Absent", 0),
)

POSITIVITY: Final[Scale] = (
    _own("positive", "Positive", 1),
    _own("negative", "Negative", 0),
    snomed("10828004", "Positive (qualifier value)", 1, A, "HL7 FHIR R4 example Observation/vp-oyster (value)"),
)

# Any other answer to the risk level is a positive one.
RISK_LEVEL: Final[Scale] = (
    loinc("LA9194-7", "Low", 0, A, BEHAVIORAL),
    _own("no-risk", "No risk", 0),
)

PREGNANCY: Final[Scale] = (
    snomed("77386006", "Pregnant", 1, A, US_CORE),
    snomed("60001007", "Not pregnant (finding)", 0, A, "HL7/us-behavioral-health-profiles pregnancy-example"),
)

FINDING: Final = PRESENCE + POSITIVITY + YES_NO

# None stands for a finding or event that was sent as an Observation.
SCALES: Final[dict[Asked, Scale]] = {
    **dict.fromkeys((*PHQ9_ITEMS, *GAD7_ITEMS, Item.CMS_9_FREQUENCY), FREQUENCY),
    **dict.fromkeys(
        (
            Item.CMS_9_PRESENCE,
            Item.CSSRS_1,
            Item.CSSRS_2,
            Item.CSSRS_3,
            Item.CSSRS_4,
            Item.CSSRS_5,
            Item.CSSRS_6,
            Item.CSSRS_6_3_MONTHS,
            Item.ACE,
        ),
        YES_NO + PRESENCE,
    ),
    Item.CSSRS_RISK: RISK_LEVEL,
    measured.PREGNANCY_STATUS: PREGNANCY + FINDING,
    measured.NMDAR_SERUM: FINDING,
    measured.NMDAR_CSF: FINDING,
    measured.MRI_ACTIVITY: FINDING,
    None: FINDING,
}
