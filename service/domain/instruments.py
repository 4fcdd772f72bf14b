"""The questionnaires and tests whose scores the rules read: ranges, bands and the change that counts.

Numbers marked (m) in the clinical brief are standard literature values that were not verified again; they are defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One scale that is never mixed with another; identity is the object, so it is a fast dictionary key."""

    key: str
    name: str
    low: Decimal
    high: Decimal
    elevated: Decimal | None = None
    worse_by: Decimal | None = None
    minimal: Decimal | None = None
    mild: Decimal | None = None
    items: int = 0
    whole: bool = True
    higher_is_worse: bool = True
    fall: Decimal | None = None
    repeated_fall: Decimal | None = None
    source: str = ""

    def worst(self, one: Decimal, other: Decimal) -> Decimal:
        """The worse of two values on this scale."""
        return max(one, other) if self.higher_is_worse else min(one, other)


def _scale(
    key: str,
    name: str,
    low: int,
    high: int,
    elevated: int | None = None,
    worse_by: int | None = None,
    minimal: int | None = None,
    mild: int | None = None,
    **more: object,
) -> Instrument:
    as_decimal = [None if n is None else Decimal(n) for n in (elevated, worse_by, minimal, mild)]
    return Instrument(key, name, Decimal(low), Decimal(high), *as_decimal, **more)  # type: ignore[arg-type]


_PHQ_BANDS = "Kroenke 2001 bands (loinc.org); change of 5: Loewe 2004 Med Care 42:1194"
PHQ9 = _scale("phq-9", "PHQ-9", 0, 27, 10, 5, 4, 5, items=9, source=_PHQ_BANDS)
PHQ8 = _scale("phq-8", "PHQ-8", 0, 24, 10, 5, 4, 5, items=8, source="as PHQ-9 (m)")
PHQ9_CMS = _scale("phq-9-cms", "PHQ-9 (CMS form)", 0, 27, 10, 5, 4, 5, items=9, source=_PHQ_BANDS)
PHQA = _scale("phq-a", "PHQ-A", 0, 27, 10, 5, 4, 5, items=9, source=_PHQ_BANDS)
PHQ2 = _scale("phq-2", "PHQ-2", 0, 6, 3, source="screen only: PMC2906530")
GAD7 = _scale(
    "gad-7", "GAD-7", 0, 21, 10, 4, 4, 5, items=7, source="change of 4: Toussaint 2020 J Affect Disord 265:395"
)
HADS_D = _scale("hads-d", "HADS-D", 0, 21, 8, 3, 7, 8, source="Honarmand & Feinstein 2009 (MS); change of 3 (m)")
HADS_A = _scale("hads-a", "HADS-A", 0, 21, 8, 3, 7, 8, source="Honarmand & Feinstein 2009 (MS); change of 3 (m)")
BDI_II = _scale("bdi-ii", "BDI-II", 0, 63, 14, 5, 13, 14, source="AAN 2014 Level C in MS; bands and change (m)")
BDI_FS = _scale("bdi-fs", "BDI-FastScreen", 0, 21, 4, 4, 3, 4, source="Benedict 2003 (MS); bands (m)")
MADRS = _scale("madrs", "MADRS", 0, 60, 20, 6, 6, 7, source="(m)")
HAMD17 = _scale("ham-d-17", "HAM-D 17", 0, 52, 14, 5, 7, 8, source="(m)")
CESD = _scale("ces-d", "CES-D", 0, 60, 16, 9, 15, 16, source="(m)")
EPDS = _scale("epds", "EPDS", 0, 30, 13, 4, 9, 10, source="(m)")
GDS15 = _scale("gds-15", "GDS-15", 0, 15, 5, 4, 4, 5, source="bands loinc.org; change of 4 (m)")
_T = {"whole": False, "source": "T-score, mean 50, SD 10; bands and change (m)"}
PROMIS29_DEPRESSION = _scale("promis-29-depression", "PROMIS-29 depression T-score", 20, 90, 60, 5, 54, 55, **_T)
PROMIS_DEPRESSION = _scale("promis-depression", "PROMIS depression T-score", 20, 90, 60, 5, 54, 55, **_T)
PROMIS29_ANXIETY = _scale("promis-29-anxiety", "PROMIS-29 anxiety T-score", 20, 90, 60, 5, 54, 55, **_T)
PROMIS29_FATIGUE = _scale("promis-29-fatigue", "PROMIS-29 fatigue T-score", 20, 90, 60, 5, 54, 55, **_T)
FSS = Instrument(
    "fss",
    "FSS (mean)",
    Decimal(1),
    Decimal(7),
    Decimal(4),
    Decimal("0.45"),
    whole=False,
    source="change of 0.45: Rooney 2019 MSARD 35:158; limit (m)",
)
MFIS = _scale("mfis", "MFIS", 0, 84, 38, 4, source="change of 4: Rooney 2019 MSARD 35:158; limit (m)")
SDMT = Instrument(
    "sdmt",
    "SDMT",
    Decimal(0),
    Decimal(110),
    higher_is_worse=False,
    fall=Decimal(8),
    repeated_fall=Decimal(4),
    source="Mult Scler 2022;28:1101",
)
MOCA = Instrument("moca", "MoCA", Decimal(0), Decimal(30), higher_is_worse=False, fall=Decimal(3), source="(m)")
PROMIS_COGNITIVE = Instrument(
    "promis-cognitive",
    "PROMIS cognitive function T-score",
    Decimal(20),
    Decimal(90),
    whole=False,
    higher_is_worse=False,
    fall=Decimal(5),
    source="(m)",
)
EDSS = Instrument(
    "edss",
    "EDSS",
    Decimal(0),
    Decimal(10),
    worse_by=Decimal("0.5"),
    whole=False,
    source="Kurtzke 1983; a rise of 0.5 is a soft sign here",
)

INSTRUMENTS = (
    PHQ9,
    PHQ8,
    PHQ9_CMS,
    PHQA,
    PHQ2,
    GAD7,
    HADS_D,
    HADS_A,
    BDI_II,
    BDI_FS,
    MADRS,
    HAMD17,
    CESD,
    EPDS,
    GDS15,
    PROMIS29_DEPRESSION,
    PROMIS_DEPRESSION,
    PROMIS29_ANXIETY,
    PROMIS29_FATIGUE,
    FSS,
    MFIS,
    SDMT,
    MOCA,
    PROMIS_COGNITIVE,
    EDSS,
)
_BY_KEY = {instrument.key: instrument for instrument in INSTRUMENTS}


def standard(instrument: Instrument) -> Instrument:
    """The instrument of these tables that one with a site's own limits takes the place of; any other is itself."""
    return _BY_KEY.get(instrument.key, instrument)


@dataclass(frozen=True, slots=True, eq=False)
class MoodDomain:
    """Depression, anxiety or fatigue: series that count as one domain, in order of preference for wording."""

    name: str
    series: tuple[Instrument, ...] = field(default=())


DEPRESSION = MoodDomain(
    "depression",
    (
        PHQ9,
        PHQ8,
        BDI_II,
        HADS_D,
        PROMIS29_DEPRESSION,
        PROMIS_DEPRESSION,
        EPDS,
        GDS15,
        PHQ9_CMS,
        MADRS,
        HAMD17,
        CESD,
        BDI_FS,
    ),
)
ANXIETY = MoodDomain("anxiety", (GAD7, HADS_A, PROMIS29_ANXIETY))
MOOD = MoodDomain("depression or anxiety", DEPRESSION.series + ANXIETY.series)
FATIGUE = MoodDomain("fatigue", (PROMIS29_FATIGUE, FSS, MFIS))
TEEN_DEPRESSION = MoodDomain("depression (teenagers included)", (*DEPRESSION.series, PHQA))
COGNITION = MoodDomain("cognition", (SDMT, MOCA, PROMIS_COGNITIVE))
