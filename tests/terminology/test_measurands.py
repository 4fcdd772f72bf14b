"""Does our own code system name everything once, and has everything a code?"""

import re
from collections import Counter

import pytest

from service.domain.analytes import ANALYTES
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.instruments import HADS_D, INSTRUMENTS
from service.terminology import LOINC, MEASURAND, Kind, Terminology
from service.terminology.measurands import MEASURANDS, Measurand

KNOWN = Terminology.default()


def test_codes_are_unique() -> None:
    counted = Counter(known.code for known in MEASURANDS)
    assert [code for code, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("known", MEASURANDS, ids=lambda known: known.code)
def test_code_is_explained_and_read(known: Measurand) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", known.code)
    assert known.display
    assert known.definition.endswith(".")
    read = {
        "score": lambda code: (MEASURAND, code) in KNOWN.lookup,
        "item": lambda code: (MEASURAND, code) in KNOWN.lookup,
        "result": lambda code: (MEASURAND, code) in KNOWN.lookup,
        "record": lambda code: bool(KNOWN.concepts(MEASURAND, code)) or (MEASURAND, code) in KNOWN.lookup,
        "medicine": lambda code: KNOWN.drug(MEASURAND, code) is not None,
        "route": lambda code: code in {"local-route", "systemic-route"},
        "answer": lambda code: any(
            KNOWN.answer(MEASURAND, code, asked) is not None for asked in (None, Item.CSSRS_RISK)
        ),
    }
    assert read[known.topic](known.code)


def test_everything_that_rules_read_has_a_code() -> None:
    codes = {known.code for known in MEASURANDS}
    assert {instrument.key for instrument in INSTRUMENTS} <= codes
    assert {analyte.key for analyte in ANALYTES} <= codes
    assert {item.value for item in Item} <= codes
    assert {concept.value for concept in Concept} <= codes


def test_an_absent_relapse_is_a_denial() -> None:
    meaning = KNOWN.lookup[MEASURAND, "relapse-absent"]
    assert meaning.kind is Kind.DENIAL
    assert meaning.target == frozenset({Concept.RELAPSE})
    assert KNOWN.concepts(MEASURAND, "relapse-absent") == frozenset()


def test_everything_that_is_read_has_a_code_and_standard_codes_have_words() -> None:
    for subject in (*INSTRUMENTS, *ANALYTES, *Item, *Concept, *DrugGroup):
        codes = KNOWN.codes_of(subject)
        assert codes, subject
        assert all(code.system != LOINC or code.display for code in codes), subject


def test_a_site_s_codes_stand_beside_the_others() -> None:
    site = KNOWN.with_site_map({("urn:example", "HADS"): [(MEASURAND, "hads-d")]})
    assert [code.code for code in site.codes_of(HADS_D) if code.system == "urn:example"] == ["HADS"]
