"""Is every Observation code read as what it is?"""

import pytest

from service.domain import analytes as a
from service.domain import instruments as i
from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, SUICIDALITY_ITEMS, Item
from service.terminology import LOINC, MEASURAND, SNOMED, Kind, Meaning, Terminology

KNOWN = Terminology.default()


@pytest.mark.parametrize(
    ("system", "code", "instrument"),
    [
        (LOINC, "44261-6", i.PHQ9),
        (SNOMED, "720433000", i.PHQ9),
        (SNOMED, "506701000000100", i.PHQ9),
        (LOINC, "54654-9", i.PHQ9_CMS),
        (LOINC, "89204-2", i.PHQA),
        (LOINC, "55758-7", i.PHQ2),
        (LOINC, "70274-6", i.GAD7),
        (SNOMED, "401320004", i.HADS_D),
        (SNOMED, "401319005", i.HADS_A),
        (LOINC, "89209-1", i.BDI_II),
        (SNOMED, "718366000", i.BDI_II),
        (LOINC, "99046-5", i.EPDS),
        (SNOMED, "450320001", i.EPDS),
        (LOINC, "48545-8", i.GDS15),
        (LOINC, "71965-8", i.PROMIS29_DEPRESSION),
        (LOINC, "71967-4", i.PROMIS29_ANXIETY),
        (LOINC, "71963-3", i.PROMIS29_FATIGUE),
        (LOINC, "77861-3", i.PROMIS_DEPRESSION),
        (LOINC, "81538-1", i.PROMIS_COGNITIVE),
        (LOINC, "72172-0", i.MOCA),
        (SNOMED, "273554001", i.EDSS),
    ],
)
def test_total_score(system: str, code: str, instrument: i.Instrument) -> None:
    assert KNOWN.lookup[system, code] == Meaning(Kind.SCORE, instrument)


@pytest.mark.parametrize(
    ("code", "instrument"),
    [("44249-1", i.PHQ9), ("54635-8", i.PHQ9_CMS), ("69737-5", i.GAD7), ("55757-9", i.PHQ2)],
)
def test_a_panel_is_not_a_total(code: str, instrument: i.Instrument) -> None:
    assert KNOWN.lookup[LOINC, code] == Meaning(Kind.PANEL, instrument)


def test_the_suicide_screener_is_a_form() -> None:
    assert KNOWN.lookup[LOINC, "93373-9"] == Meaning(Kind.FORM, frozenset())
    assert KNOWN.safety_questions(LOINC, "93373-9") == (Item.CSSRS_1, Item.CSSRS_2)
    assert KNOWN.safety_questions(LOINC, "44249-1") == (Item.PHQ9_9,)
    assert KNOWN.safety_questions(LOINC, "69737-5") == ()


@pytest.mark.parametrize(
    ("items", "codes"),
    [
        (PHQ9_ITEMS, "44250-9 44255-8 44259-0 44254-1 44251-7 44258-2 44252-5 44253-3 44260-8"),
        (GAD7_ITEMS, "69725-0 68509-9 69733-4 69734-2 69735-9 69689-8 69736-7"),
        (
            SUICIDALITY_ITEMS,
            "44260-8 54652-3 54653-1 93246-7 93247-5 93248-3 93249-1 93250-9 93267-3 93269-9 93374-7",
        ),
    ],
)
def test_items_in_order(items: tuple[Item, ...], codes: str) -> None:
    assert [KNOWN.lookup[LOINC, code].target for code in codes.split()] == list(items)


def test_the_functional_item_is_no_item_of_the_total() -> None:
    assert (LOINC, "69722-7") not in KNOWN.lookup


@pytest.mark.parametrize(
    ("code", "assay"),
    [
        ("1988-5", "conventional"),
        ("76485-2", "conventional"),
        ("30522-7", "hs"),
        ("76486-0", "hs"),
        ("71426-1", "hs"),
    ],
)
def test_crp_families(code: str, assay: str) -> None:
    assert KNOWN.lookup[LOINC, code] == Meaning(Kind.RESULT, a.CRP, assay)


@pytest.mark.parametrize(("code", "word"), [("11039-5", "qualitative"), ("14634-0", "titre")])
def test_crp_that_cannot_be_compared_says_so(code: str, word: str) -> None:
    meaning = KNOWN.lookup[LOINC, code]
    assert meaning.target is a.CRP
    assert word in meaning.refusal
    assert code not in {known.code for known in KNOWN.codes_of(a.CRP)}


@pytest.mark.parametrize(
    ("code", "analyte"),
    [
        ("26881-3", a.IL6),
        ("4537-7", a.ESR),
        ("30341-2", a.ESR),
        ("101281-4", a.SNFL),
        ("38445-3", a.CALPROTECTIN),
        ("33959-8", a.PROCALCITONIN),
        ("8310-5", a.TEMPERATURE),
        ("2951-2", a.SODIUM),
        ("80221-5", a.NMDAR_SERUM),
        ("80220-7", a.NMDAR_CSF),
        ("82810-3", a.PREGNANCY_STATUS),
    ],
)
def test_result(code: str, analyte: a.Analyte) -> None:
    assert KNOWN.lookup[LOINC, code] == Meaning(Kind.RESULT, analyte)


def test_oid_spellings_are_the_same_codes() -> None:
    assert KNOWN.lookup["urn:oid:2.16.840.1.113883.6.1", "44261-6"] == KNOWN.lookup[LOINC, "44261-6"]
    assert KNOWN.lookup["urn:oid:2.16.840.1.113883.6.96", "720433000"].target is i.PHQ9


@pytest.mark.parametrize("code", ["phq-8", "sdmt", "mfis", "fss", "edss", "madrs", "ham-d-17", "ces-d", "bdi-fs"])
def test_instruments_without_a_standard_code_have_ours(code: str) -> None:
    meaning = KNOWN.lookup[MEASURAND, code]
    assert meaning.kind is Kind.SCORE
    assert isinstance(meaning.target, i.Instrument)
    assert meaning.target.key == code


@pytest.mark.parametrize(
    "subject", [*i.INSTRUMENTS, *a.ANALYTES, *Item], ids=lambda known: getattr(known, "key", known)
)
def test_everything_can_be_named(subject: i.Instrument | a.Analyte | Item) -> None:
    codes = KNOWN.codes_of(subject)
    assert codes[-1].system == MEASURAND
    assert all(code.display for code in codes)
    assert all(KNOWN.lookup[code.system, code.code].target is subject for code in codes)


def test_displays() -> None:
    assert KNOWN.display(LOINC, "93374-7") == "Suicide risk level"
    assert KNOWN.display("urn:oid:2.16.840.1.113883.6.1", "93374-7") == "Suicide risk level"
    assert KNOWN.display(MEASURAND, "relapse") == "Relapse"
    assert KNOWN.display(LOINC, "0-0") == ""
