"""Does our own code system name everything once, and are the published value sets complete?"""

import re
from collections import Counter

import pytest

from service.domain.analytes import ANALYTES
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.instruments import INSTRUMENTS
from service.terminology import LOINC, MEASURAND, Kind, Terminology
from service.terminology.measurands import MEASURANDS, Measurand
from service.terminology.value_sets import value_sets

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


def test_value_sets_cover_everything_once() -> None:
    sets = value_sets(KNOWN)
    names = [known.name for known in sets]
    assert len(set(names)) == len(names)
    assert all(known.codes and known.title for known in sets)
    published = {code for known in sets for code in known.codes}
    for subject in (*INSTRUMENTS, *ANALYTES, *Item, *Concept, *DrugGroup):
        assert published.issuperset(KNOWN.codes_of(subject)), subject


def test_stems_are_members() -> None:
    relevant = {known.name: known for known in value_sets(KNOWN)}
    assert [code.code for code in relevant["ms-family"].stems] == ["G35"]
    assert [code.code for code in relevant["antibiotic"].stems] == ["J01"]
    assert relevant["depression-scores"].stems == ()
    assert all(set(known.stems) <= set(known.codes) for known in relevant.values())


def test_a_site_s_codes_are_members_of_its_value_sets() -> None:
    site = KNOWN.with_site_map({("urn:example", "HADS"): [(MEASURAND, "hads-d")]})
    scores = next(known for known in value_sets(site) if known.name == "depression-scores")
    assert [code.code for code in scores.codes if code.system == "urn:example"] == ["HADS"]
    assert all(code.system != LOINC or code.display for code in scores.codes)
