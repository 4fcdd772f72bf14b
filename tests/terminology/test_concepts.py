"""Do diagnoses, findings and events carry the meaning that the rules rely on?"""

import pytest

from service.domain.concepts import Concept as C
from service.terminology import ACT_CODE, ICD10, ICD10CM, LOINC, MEASURAND, SNOMED, Kind, Terminology
from service.terminology.subjects import STEMS

KNOWN = Terminology.default()
MS = {C.MS_FAMILY, C.NEURO_IMD, C.IMD}
NEURO = {C.NEURO_IMD, C.IMD}


@pytest.mark.parametrize(
    ("concept", "codes"),
    [
        (
            C.MS_FAMILY,
            "24700007 426373005 425500002 428700003 816984002 1186728004 230372003 192929006 25470001000004105",
        ),
        (C.NEURO_IMD, "25044007"),
        (
            C.IMD,
            "66760008 69896004 55464009 34000006 64766004 24526004 9014002 33339001 9631008 31541009 396331005",
        ),
        (C.RELAPSE, "192929006"),
        (C.SUICIDALITY, "6471006 267073005 304594002 247650009 425104003 711561004 225457007 82313006"),
        (C.SUICIDE_ATTEMPT, "82313006"),
        (C.PSYCHOSIS, "69322001 191483003"),
        (C.MANIA, "231494001"),
        (C.DELIRIUM, "2776000"),
        (C.INSOMNIA, "193462001"),
        (C.SEIZURE, "91175000"),
        (C.INFECTION, "386661006 68566005 54150009 233604007 840539006 6142004 128045006 91302008"),
        (C.SURGERY, "387713003"),
        (C.TRAUMA, "417746004"),
        (C.MOOD_HISTORY, "35489007 48694002 197480006"),
        (C.MOOD_SCREENING, "715252007 171207006"),
        (C.SUICIDE_RISK_ASSESSMENT, "225337009"),
    ],
)
def test_snomed_set(concept: C, codes: str) -> None:
    narrow = {code.code for code in KNOWN.codes_of(concept) if code.system == SNOMED}
    wider = {
        C.NEURO_IMD: {code.code for code in KNOWN.codes_of(C.MS_FAMILY)},
        C.IMD: {code.code for code in KNOWN.codes_of(C.NEURO_IMD)},
    }
    assert narrow - wider.get(concept, set()) == set(codes.split())
    assert all(concept in KNOWN.concepts(SNOMED, code) for code in codes.split())


@pytest.mark.parametrize(
    ("code", "concepts"),
    [
        ("G35", MS),
        ("G35.A", MS),
        ("G35.B1", MS),
        ("G35.D", MS),
        ("G36.0", NEURO),
        ("G36.1", set()),
        ("G37.81", NEURO),
        ("G37.89", set()),
        ("G37.3", {C.IMD}),
        ("M05.9", {C.IMD}),
        ("M06.9", {C.IMD}),
        ("M32.9", {C.IMD}),
        ("K50.90", {C.IMD}),
        ("K51.90", {C.IMD}),
        ("L40.50", {C.IMD}),
        ("M45.9", {C.IMD}),
        ("M35.00", {C.IMD}),
        ("M35.3", set()),
        ("D86.9", {C.IMD}),
        ("E10.9", {C.IMD}),
        ("E11.9", set()),
        ("K90.0", {C.IMD}),
        ("K90.1", set()),
        ("E05.00", {C.IMD}),
        ("E05.10", set()),
        ("E06.3", {C.IMD}),
        ("G04.00", {C.IMD}),
        ("G04.81", set()),
        ("G04.90", set()),
        ("H46.9", {C.IMD}),
        ("F23", {C.PSYCHOSIS}),
        ("F29", {C.PSYCHOSIS}),
        ("F06.0", {C.PSYCHOSIS}),
        ("F06.2", {C.PSYCHOSIS}),
        ("F06.31", set()),
        ("F30.9", {C.MANIA}),
        ("F05", {C.DELIRIUM}),
        ("F32.A", {C.MOOD_HISTORY}),
        ("F33.1", {C.MOOD_HISTORY}),
        ("F41.1", {C.MOOD_HISTORY}),
        ("R45.851", {C.SUICIDALITY}),
        ("R45.850", set()),
        ("T14.91XA", {C.SUICIDALITY, C.SUICIDE_ATTEMPT}),
        ("T14.90XA", set()),
        ("R45.88", {C.SELF_HARM}),
        ("Z91.51", set()),
        ("A41.9", {C.INFECTION}),
        ("J18.9", {C.INFECTION}),
        ("N39.0", {C.INFECTION}),
        ("N39.3", set()),
        ("J06.9", {C.INFECTION}),
        ("U07.1", {C.INFECTION}),
        ("U07.0", set()),
        ("B34.9", {C.INFECTION}),
        ("A49.9", {C.INFECTION}),
        ("L03.90", {C.INFECTION}),
        ("R50.9", {C.INFECTION}),
        ("R50.2", set()),
        ("Z33.1", {C.PREGNANCY}),
        ("Z62.810", {C.ADVERSITY}),
        ("R79.82", {C.SHOWN_ONLY}),
        ("T38.0X5A", {C.SHOWN_ONLY}),
        ("T45.1X5A", {C.SHOWN_ONLY}),
        ("Z79.52", {C.SHOWN_ONLY}),
        ("Z79.620", {C.SHOWN_ONLY}),
    ],
)
def test_icd_code(code: str, concepts: set[C]) -> None:
    systems = (ICD10CM, ICD10, "urn:oid:2.16.840.1.113883.6.90", "urn:oid:2.16.840.1.113883.6.3")
    bare = code.replace(".", "")
    for system in systems:
        for spelled in (code, bare, code.lower(), bare.lower()):
            assert KNOWN.concepts(system, spelled) == concepts


@pytest.mark.parametrize("code", ["G3", "G35 ", "G35.", "G35..A", "G3.5", "G35.ABCDE", "G35;drop", "G٣5", ""])
def test_what_is_no_icd_code_has_no_meaning(code: str) -> None:
    assert KNOWN.concepts(ICD10CM, code) == frozenset()


@pytest.mark.parametrize("code", ["45170000", "273554001", "366979004"])
def test_snomed_code_that_is_no_immune_disease(code: str) -> None:
    assert KNOWN.concepts(SNOMED, code) == frozenset()


def test_a_relapse_is_also_the_disease() -> None:
    assert KNOWN.concepts(SNOMED, "192929006") == MS | {C.RELAPSE}
    assert KNOWN.concepts("urn:oid:2.16.840.1.113883.6.96", "192929006") == MS | {C.RELAPSE}


@pytest.mark.parametrize("code", ["24700007", "426373005", "230372003"])
def test_a_course_of_the_disease_is_no_relapse(code: str) -> None:
    assert KNOWN.concepts(SNOMED, code) == MS
    assert KNOWN.lookup.get((SNOMED, code)) is None


def test_an_observed_relapse_is_only_a_relapse() -> None:
    meaning = KNOWN.lookup[SNOMED, "192929006"]
    assert meaning.kind is Kind.RECORD
    assert meaning.target == frozenset({C.RELAPSE})


@pytest.mark.parametrize("code", ["R45.851", "R45851", "r45.851", "T14.91XA", "R45.88"])
def test_suicidality_in_icd_may_be_an_observation(code: str) -> None:
    meaning = KNOWN.lookup[ICD10CM, code]
    assert meaning.kind is Kind.RECORD
    assert isinstance(meaning.target, frozenset)
    assert meaning.target <= {C.SUICIDALITY, C.SUICIDE_ATTEMPT, C.SELF_HARM}


@pytest.mark.parametrize("code", ["386661006", "35489007", "69322001"])
def test_a_disorder_does_not_come_as_an_observation(code: str) -> None:
    assert (SNOMED, code) not in KNOWN.lookup


@pytest.mark.parametrize("code", ["T14.91xA", "t1491Xa", "T14.91Xa"])
def test_letters_may_be_of_any_size(code: str) -> None:
    assert KNOWN.concepts(ICD10CM, code) == {C.SUICIDALITY, C.SUICIDE_ATTEMPT}


def test_inpatient_encounters() -> None:
    assert all(KNOWN.concepts(ACT_CODE, code) == {C.INPATIENT} for code in ("IMP", "ACUTE", "NONAC"))
    assert KNOWN.concepts(ACT_CODE, "AMB") == frozenset()


@pytest.mark.parametrize("concept", C, ids=str)
def test_every_concept_can_be_mapped_to(concept: C) -> None:
    assert concept in KNOWN.concepts(MEASURAND, concept.value)
    assert KNOWN.codes_of(concept)


def test_stems_stand_among_the_codes() -> None:
    assert {(code.system, code.code) for code in KNOWN.codes_of(C.MOOD_HISTORY)} & STEMS == {
        (ICD10CM, "F32"),
        (ICD10CM, "F33"),
        (ICD10CM, "F41"),
    }


def test_unknown_systems_and_codes_have_no_meaning() -> None:
    assert KNOWN.concepts("urn:example", "24700007") == frozenset()
    assert KNOWN.concepts(LOINC, "44261-6") == frozenset()
