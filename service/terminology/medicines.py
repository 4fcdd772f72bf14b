"""Medicines: ingredients with their RxNorm and ATC codes, their group and how long one dose lasts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from service.domain.concepts import DrugGroup
from service.terminology.meanings import Drug
from service.terminology.rows import A, B, C, Tier
from service.terminology.sources import OHDSI_OR_US_CORE, UPMC, WHO_ATC

_USUAL_INTERVAL: Final = 30
_ATC_SHAPE: Final = re.compile(r"[A-Z]\d\d(?:[A-Z]{1,2}(?:\d\d)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Medicine:
    """One ingredient; `interval_days` is how long an exposure lasts after a dose without another end.

    `tier` and `evidence` qualify the RxNorm code; ATC codes (`atc_old`: the former ones) are the WHO's.
    Without an RxNorm code only the ATC codes are read.
    """

    group: DrugGroup
    ingredient: str
    rxnorm: str
    tier: Tier
    evidence: str
    atc: tuple[str, ...]
    atc_old: tuple[str, ...]
    interval_days: int

    @property
    def slug(self) -> str:
        """The ingredient as a code."""
        return self.ingredient.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class DrugClass:
    """Every ATC code under a stem that is not listed; `is_one`: they all count as one ingredient."""

    stem: str
    display: str
    group: DrugGroup
    name: str
    is_one: bool = False
    systemic_steroid: bool = False
    tier: Tier = A
    evidence: str = WHO_ATC
    interval_days: int = _USUAL_INTERVAL


def _drug(
    group: DrugGroup,
    ingredient: str,
    rxnorm: str,
    tier: Tier,
    evidence: str,
    atc: str,
    old: str = "",
    days: int = _USUAL_INTERVAL,
) -> Medicine:
    return Medicine(group, ingredient, rxnorm, tier, evidence, tuple(atc.split()), tuple(old.split()), days)


def _atc_only(group: DrugGroup, ingredient: str, atc: str, old: str = "", days: int = _USUAL_INTERVAL) -> Medicine:
    return _drug(group, ingredient, "", A, WHO_ATC, atc, old, days)


MEDICINES: Final = (
    _drug(DrugGroup.IFN_ALPHA, "peginterferon alfa-2a", "120608", A, OHDSI_OR_US_CORE, "L03AB11"),
    _drug(DrugGroup.IFN_ALPHA, "peginterferon alfa-2b", "253453", A, OHDSI_OR_US_CORE, "L03AB10"),
    _drug(DrugGroup.IFN_ALPHA, "ropeginterferon alfa-2b", "2587059", A, OHDSI_OR_US_CORE, "L03AB15"),
    _atc_only(DrugGroup.IFN_ALPHA, "interferon alfa-2a", "L03AB04"),
    _atc_only(DrugGroup.IFN_ALPHA, "interferon alfa-2b", "L03AB05"),
    _atc_only(DrugGroup.OTHER_IMMUNE, "interferon gamma", "L03AB03"),
    _drug(DrugGroup.IFN_BETA, "interferon beta-1a", "75917", B, UPMC, "L03AB07"),
    _drug(DrugGroup.IFN_BETA, "interferon beta-1b", "72257", B, UPMC, "L03AB08"),
    _drug(DrugGroup.IFN_BETA, "peginterferon beta-1a", "1546168", B, UPMC, "L03AB13"),
    _drug(DrugGroup.MS_DMT_OTHER, "glatiramer acetate", "214582", B, f"{UPMC} (84375 also seen)", "L03AX13"),
    _drug(DrugGroup.MS_DMT_OTHER, "dimethyl fumarate", "1373478", B, UPMC, "L04AX07"),
    _drug(DrugGroup.MS_DMT_OTHER, "diroximel fumarate", "2261783", B, UPMC, "L04AX09"),
    _drug(DrugGroup.MS_DMT_OTHER, "teriflunomide", "1310520", B, UPMC, "L04AK02", old="L04AA31"),
    _drug(DrugGroup.MS_DMT_OTHER, "fingolimod", "1012892", B, UPMC, "L04AE01", old="L04AA27"),
    _drug(DrugGroup.MS_DMT_OTHER, "siponimod", "2121085", B, UPMC, "L04AE03", old="L04AA42"),
    _drug(DrugGroup.MS_DMT_OTHER, "ozanimod", "2288236", B, UPMC, "L04AE02", old="L04AA38"),
    _drug(DrugGroup.MS_DMT_OTHER, "ponesimod", "2532300", B, UPMC, "L04AE04"),
    _drug(DrugGroup.MS_DMT_OTHER, "natalizumab", "354770", B, UPMC, "L04AG03", old="L04AA23", days=42),
    _drug(
        DrugGroup.MS_DMT_OTHER,
        "ocrelizumab",
        "1876366",
        A,
        OHDSI_OR_US_CORE,
        "L04AG08",
        old="L04AA36",
        days=182,
    ),
    _drug(DrugGroup.MS_DMT_OTHER, "ofatumumab", "712566", A, OHDSI_OR_US_CORE, "L01FA02 L04AG12", old="L01XC10"),
    _atc_only(DrugGroup.MS_DMT_OTHER, "ublituximab", "L04AG14", days=182),
    _drug(DrugGroup.MS_DMT_OTHER, "rituximab", "121191", A, OHDSI_OR_US_CORE, "L01FA01", old="L01XC02", days=182),
    _drug(DrugGroup.MS_DMT_OTHER, "alemtuzumab", "117055", B, UPMC, "L04AG06", old="L04AA34", days=365),
    _drug(DrugGroup.MS_DMT_OTHER, "cladribine", "44157", B, UPMC, "L01BB04 L04AA40", days=365),
    _drug(DrugGroup.MS_DMT_OTHER, "mitoxantrone", "7005", B, UPMC, "L01DB07", days=90),
    _drug(DrugGroup.STEROID_SYSTEMIC, "methylprednisolone", "6902", A, OHDSI_OR_US_CORE, "H02AB04"),
    _drug(DrugGroup.STEROID_SYSTEMIC, "prednisone", "8640", A, OHDSI_OR_US_CORE, "H02AB07"),
    _drug(DrugGroup.STEROID_SYSTEMIC, "prednisolone", "8638", A, OHDSI_OR_US_CORE, "H02AB06"),
    _drug(DrugGroup.STEROID_SYSTEMIC, "dexamethasone", "3264", A, OHDSI_OR_US_CORE, "H02AB02"),
    _drug(DrugGroup.STEROID_SYSTEMIC, "hydrocortisone", "5492", A, OHDSI_OR_US_CORE, "H02AB09"),
    _drug(DrugGroup.STEROID_SYSTEMIC, "betamethasone", "1514", A, OHDSI_OR_US_CORE, "H02AB01"),
    _drug(
        DrugGroup.CHECKPOINT,
        "pembrolizumab",
        "1547545",
        A,
        OHDSI_OR_US_CORE,
        "L01FF02",
        old="L01XC18",
        days=42,
    ),
    _drug(DrugGroup.CHECKPOINT, "nivolumab", "1597876", A, OHDSI_OR_US_CORE, "L01FF01", old="L01XC17"),
    _drug(DrugGroup.CHECKPOINT, "ipilimumab", "1094833", A, OHDSI_OR_US_CORE, "L01FX04", old="L01XC11"),
    _drug(DrugGroup.CHECKPOINT, "atezolizumab", "1792776", A, OHDSI_OR_US_CORE, "L01FF05", old="L01XC32"),
    _drug(DrugGroup.CHECKPOINT, "durvalumab", "1919503", A, OHDSI_OR_US_CORE, "L01FF03", old="L01XC28"),
    _drug(DrugGroup.CHECKPOINT, "avelumab", "1875534", A, OHDSI_OR_US_CORE, "L01FF04", old="L01XC31"),
    _drug(DrugGroup.CHECKPOINT, "cemiplimab", "2058826", A, OHDSI_OR_US_CORE, "L01FF06", old="L01XC33"),
    _drug(DrugGroup.IL2, "aldesleukin", "70223", A, OHDSI_OR_US_CORE, "L03AC01"),
    _drug(DrugGroup.TNF_INHIB, "infliximab", "191831", A, OHDSI_OR_US_CORE, "L04AB02", days=56),
    _drug(DrugGroup.TNF_INHIB, "adalimumab", "327361", A, OHDSI_OR_US_CORE, "L04AB04"),
    _drug(DrugGroup.TNF_INHIB, "etanercept", "214555", A, OHDSI_OR_US_CORE, "L04AB01"),
    _drug(DrugGroup.TNF_INHIB, "golimumab", "819300", A, OHDSI_OR_US_CORE, "L04AB06", days=56),
    _drug(DrugGroup.TNF_INHIB, "certolizumab pegol", "709271", A, OHDSI_OR_US_CORE, "L04AB05"),
    _drug(DrugGroup.IL6_INHIB, "tocilizumab", "612865", C, "2 public repositories", "L04AC07"),
    _atc_only(DrugGroup.IL6_INHIB, "sarilumab", "L04AC14"),
    _atc_only(DrugGroup.IL6_INHIB, "satralizumab", "L04AC19"),
    _atc_only(DrugGroup.IL6_INHIB, "siltuximab", "L04AC11"),
    _atc_only(DrugGroup.COMPLEMENT_INHIB, "eculizumab", "L04AJ01", old="L04AA25"),
    _atc_only(DrugGroup.COMPLEMENT_INHIB, "ravulizumab", "L04AJ02", old="L04AA43", days=56),
    _drug(DrugGroup.JAK_INHIB, "tofacitinib", "1357536", A, OHDSI_OR_US_CORE, "L04AF01", old="L04AA29"),
    _drug(DrugGroup.JAK_INHIB, "baricitinib", "2047232", A, OHDSI_OR_US_CORE, "L04AF02", old="L04AA37"),
    _atc_only(DrugGroup.JAK_INHIB, "upadacitinib", "L04AF03", old="L04AA44"),
    _atc_only(DrugGroup.OTHER_IMMUNE, "inebilizumab", "L04AG10", old="L04AA47", days=182),
    _atc_only(DrugGroup.OTHER_IMMUNE, "anakinra", "L04AC03"),
    _drug(DrugGroup.OTHER_IMMUNE, "ustekinumab", "847083", A, OHDSI_OR_US_CORE, "L04AC05", days=84),
    _drug(DrugGroup.OTHER_IMMUNE, "belimumab", "1092437", A, OHDSI_OR_US_CORE, "L04AG04", old="L04AA26"),
    _drug(DrugGroup.OTHER_IMMUNE, "methotrexate", "6851", A, OHDSI_OR_US_CORE, "L01BA01 L04AX03"),
    _drug(DrugGroup.OTHER_IMMUNE, "azathioprine", "1256", A, OHDSI_OR_US_CORE, "L04AX01"),
    _drug(DrugGroup.ANTIDEPRESSANT, "fluoxetine", "4493", A, OHDSI_OR_US_CORE, "N06AB03"),
    _drug(DrugGroup.ANTIDEPRESSANT, "sertraline", "36437", A, OHDSI_OR_US_CORE, "N06AB06"),
    _drug(DrugGroup.ANTIDEPRESSANT, "citalopram", "2556", A, OHDSI_OR_US_CORE, "N06AB04"),
    _drug(DrugGroup.ANTIDEPRESSANT, "escitalopram", "321988", A, OHDSI_OR_US_CORE, "N06AB10"),
    _drug(DrugGroup.ANTIDEPRESSANT, "paroxetine", "32937", A, OHDSI_OR_US_CORE, "N06AB05"),
    _drug(DrugGroup.ANTIDEPRESSANT, "fluvoxamine", "42355", A, OHDSI_OR_US_CORE, "N06AB08"),
    _drug(DrugGroup.ANTIDEPRESSANT, "venlafaxine", "39786", A, OHDSI_OR_US_CORE, "N06AX16"),
    _drug(DrugGroup.ANTIDEPRESSANT, "desvenlafaxine", "734064", A, OHDSI_OR_US_CORE, "N06AX23"),
    _drug(DrugGroup.ANTIDEPRESSANT, "duloxetine", "72625", A, OHDSI_OR_US_CORE, "N06AX21"),
    _drug(DrugGroup.ANTIDEPRESSANT, "bupropion", "42347", A, OHDSI_OR_US_CORE, "N06AX12"),
    _drug(DrugGroup.ANTIDEPRESSANT, "mirtazapine", "15996", A, OHDSI_OR_US_CORE, "N06AX11"),
    _drug(DrugGroup.ANTIDEPRESSANT, "amitriptyline", "704", A, OHDSI_OR_US_CORE, "N06AA09"),
    _drug(DrugGroup.ANTIDEPRESSANT, "nortriptyline", "7531", A, OHDSI_OR_US_CORE, "N06AA10"),
    _drug(DrugGroup.ANTIDEPRESSANT, "imipramine", "5691", A, OHDSI_OR_US_CORE, "N06AA02"),
    _drug(DrugGroup.ANTIDEPRESSANT, "clomipramine", "2597", A, OHDSI_OR_US_CORE, "N06AA04"),
    _drug(DrugGroup.ANTIDEPRESSANT, "trazodone", "10737", A, OHDSI_OR_US_CORE, "N06AX05"),
    _drug(DrugGroup.ANTIDEPRESSANT, "vortioxetine", "1455099", A, OHDSI_OR_US_CORE, "N06AX26"),
    _drug(DrugGroup.ANTIDEPRESSANT, "milnacipran", "588250", A, OHDSI_OR_US_CORE, "N06AX17"),
    _drug(DrugGroup.ANTIDEPRESSANT, "vilazodone", "1086769", A, OHDSI_OR_US_CORE, "N06AX24"),
    _drug(DrugGroup.ANTIDEPRESSANT, "esketamine", "2119365", A, OHDSI_OR_US_CORE, "N01AX14 N06AX27"),
    _atc_only(DrugGroup.OTHER_MOOD_DRUG, "isotretinoin", "D10BA01"),
    _drug(DrugGroup.OTHER_MOOD_DRUG, "montelukast", "88249", A, OHDSI_OR_US_CORE, "R03DC03"),
    _drug(DrugGroup.OTHER_MOOD_DRUG, "levetiracetam", "114477", A, OHDSI_OR_US_CORE, "N03AX14"),
    _drug(DrugGroup.OTHER_MOOD_DRUG, "efavirenz", "195085", A, OHDSI_OR_US_CORE, "J05AG03"),
    _drug(DrugGroup.OTHER_MOOD_DRUG, "varenicline", "591622", A, OHDSI_OR_US_CORE, "N07BA03"),
    _drug(DrugGroup.OTHER_MOOD_DRUG, "baclofen", "1292", A, OHDSI_OR_US_CORE, "M03BX01"),
    _drug(DrugGroup.OTHER_MOOD_DRUG, "amantadine", "620", A, OHDSI_OR_US_CORE, "N04BB01"),
    _drug(DrugGroup.OTHER_MOOD_DRUG, "modafinil", "30125", A, OHDSI_OR_US_CORE, "N06BA07"),
)

DRUG_CLASSES: Final = (
    DrugClass("J01", "Antibacterials for systemic use", DrugGroup.ANTIBIOTIC, "antibiotic", is_one=True),
    DrugClass("N06A", "Antidepressants", DrugGroup.ANTIDEPRESSANT, "antidepressant"),
    DrugClass("H02AB", "Glucocorticoids", DrugGroup.STEROID_SYSTEMIC, "corticosteroid", systemic_steroid=True),
)

# Mostly given locally: without a recorded route, only an ATC code under H02AB makes them systemic.
NEED_A_ROUTE: Final = frozenset({"hydrocortisone", "betamethasone"})
SYSTEMIC_STEROIDS: Final = "H02"


def drug_of_class(code: str) -> Drug | None:
    """The medicine of an ATC code that only its class makes known."""
    if not _ATC_SHAPE.fullmatch(code):
        return None
    for group in DRUG_CLASSES:
        if code.startswith(group.stem):
            ingredient = group.name if group.is_one else f"{group.name} {code}"
            return Drug(ingredient, group.group, group.interval_days, group.systemic_steroid)
    return None
