"""ICD-10-CM and ICD-10 codes of disorders and findings; a stem stands for itself and every code below it.

Codes are compared without their dot and in capitals, so `G35.A`, `G35A` and `g35.a` are one code.
ICD-10-CM has split G35: the former G35 and the later G35.A to G35.D all lie under the stem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from service.domain.concepts import Concept
from service.domain.rule import Code
from service.terminology.records import closed
from service.terminology.rows import A, Tier
from service.terminology.sources import ICD_PACKAGE
from service.terminology.systems import ICD10CM

NO_CONCEPTS: Final[frozenset[Concept]] = frozenset()
_SHAPE: Final = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One ICD code (`is_stem`: and all below it); `display` is ICD-10-CM's."""

    code: str
    display: str
    means: frozenset[Concept]
    is_stem: bool
    tier: Tier = A
    evidence: str = ICD_PACKAGE

    @property
    def coding(self) -> Code:
        """The row as an ICD-10-CM code."""
        return Code(ICD10CM, self.code, self.display)


def plain(code: str) -> str | None:
    """The code in capitals without its dot; None when it is not an ICD-10 code."""
    return code.replace(".", "").upper() if _SHAPE.fullmatch(code) else None


def _stem(code: str, display: str, concept: Concept) -> Diagnosis:
    return Diagnosis(code, display, closed(concept), is_stem=True)


def _code(code: str, display: str, concept: Concept) -> Diagnosis:
    return Diagnosis(code, display, closed(concept), is_stem=False)


IMMUNE_MEDIATED: Final = (
    _stem("G35", "Multiple sclerosis", Concept.MS_FAMILY),
    _code("G36.0", "Neuromyelitis optica [Devic]", Concept.NEURO_IMD),
    _code("G37.81", "Myelin oligodendrocyte glycoprotein antibody disease", Concept.NEURO_IMD),
    _stem("M05", "Rheumatoid arthritis with rheumatoid factor", Concept.IMD),
    _stem("M06", "Other rheumatoid arthritis", Concept.IMD),
    _stem("M32", "Systemic lupus erythematosus (SLE)", Concept.IMD),
    _stem("K50", "Crohn's disease [regional enteritis]", Concept.IMD),
    _stem("K51", "Ulcerative colitis", Concept.IMD),
    _stem("L40", "Psoriasis", Concept.IMD),
    _stem("M45", "Ankylosing spondylitis", Concept.IMD),
    _stem("M35.0", "Sjögren syndrome", Concept.IMD),
    _stem("D86", "Sarcoidosis", Concept.IMD),
    _stem("E10", "Type 1 diabetes mellitus", Concept.IMD),
    _code("K90.0", "Celiac disease", Concept.IMD),
    _stem("E05.0", "Thyrotoxicosis with diffuse goiter", Concept.IMD),
    _code("E06.3", "Autoimmune thyroiditis", Concept.IMD),
    _code(
        "G37.3",
        "Acute transverse myelitis in demyelinating disease of central nervous system",
        Concept.IMD,
    ),
    _stem("G04.0", "Acute disseminated encephalitis and encephalomyelitis (ADEM)", Concept.IMD),
    _stem("H46", "Optic neuritis", Concept.IMD),
)

SAFETY: Final = (
    _stem("F23", "Brief psychotic disorder", Concept.PSYCHOSIS),
    _stem(
        "F29",
        "Unspecified psychosis not due to a substance or known physiological condition",
        Concept.PSYCHOSIS,
    ),
    _stem(
        "F06.0",
        "Psychotic disorder with hallucinations due to known physiological condition",
        Concept.PSYCHOSIS,
    ),
    _stem("F06.2", "Psychotic disorder with delusions due to known physiological condition", Concept.PSYCHOSIS),
    _stem("F30", "Manic episode", Concept.MANIA),
    _stem("F05", "Delirium due to known physiological condition", Concept.DELIRIUM),
    _code("R45.851", "Suicidal ideations", Concept.SUICIDALITY),
    _code("T14.91XA", "Suicide attempt, initial encounter", Concept.SUICIDE_ATTEMPT),
    _code("R45.88", "Nonsuicidal self-harm", Concept.SELF_HARM),
)

MOOD: Final = (
    _stem("F32", "Depressive episode", Concept.MOOD_HISTORY),
    _stem("F33", "Major depressive disorder, recurrent", Concept.MOOD_HISTORY),
    _stem("F41", "Other anxiety disorders", Concept.MOOD_HISTORY),
    _stem("Z62.81", "Personal history of abuse in childhood", Concept.ADVERSITY),
)

# T14 is not among the injuries: it holds the code of a suicide attempt.
CONFOUNDERS: Final = (
    _stem("A41", "Other sepsis", Concept.INFECTION),
    _stem("J18", "Pneumonia, unspecified organism", Concept.INFECTION),
    _code("N39.0", "Urinary tract infection, site not specified", Concept.INFECTION),
    _stem("J06", "Acute upper respiratory infections of multiple and unspecified sites", Concept.INFECTION),
    _code("U07.1", "COVID-19", Concept.INFECTION),
    _stem("B34", "Viral infection of unspecified site", Concept.INFECTION),
    _stem("A49", "Bacterial infection of unspecified site", Concept.INFECTION),
    _stem("L03", "Cellulitis and acute lymphangitis", Concept.INFECTION),
    _code("R50.9", "Fever, unspecified", Concept.INFECTION),
    _code("Z33.1", "Pregnant state, incidental", Concept.PREGNANCY),
)

# Shown beside a finding and never used in a decision.
CONTEXT: Final = (
    _code("R79.82", "Elevated C-reactive protein (CRP)", Concept.SHOWN_ONLY),
    _code(
        "T38.0X5A",
        "Adverse effect of glucocorticoids and synthetic analogues, initial encounter",
        Concept.SHOWN_ONLY,
    ),
    _code(
        "T45.1X5A",
        "Adverse effect of antineoplastic and immunosuppressive drugs, initial encounter",
        Concept.SHOWN_ONLY,
    ),
    _code("Z79.52", "Long term (current) use of systemic steroids", Concept.SHOWN_ONLY),
    _code("Z79.620", "Long term (current) use of immunosuppressive biologic", Concept.SHOWN_ONLY),
)

DIAGNOSES: Final = IMMUNE_MEDIATED + SAFETY + MOOD + CONFOUNDERS + CONTEXT

_EXACT: Final[dict[str, frozenset[Concept]]] = {
    bare: diagnosis.means for diagnosis in DIAGNOSES if (bare := plain(diagnosis.code))
}
_STEMS: Final = frozenset(bare for diagnosis in DIAGNOSES if diagnosis.is_stem and (bare := plain(diagnosis.code)))


def diagnosis_concepts(code: str) -> frozenset[Concept]:
    """The concepts of any ICD code, listed by itself or below a stem."""
    bare = plain(code)
    if bare is None:
        return NO_CONCEPTS
    if exact := _EXACT.get(bare):
        return exact
    for length in range(len(bare) - 1, 2, -1):
        if bare[:length] in _STEMS:
            return _EXACT[bare[:length]]
    return NO_CONCEPTS
