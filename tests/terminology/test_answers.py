"""Does an answer code count only where it answers the question?"""

import pytest

from service.domain import analytes
from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, Item
from service.terminology import LOINC, MEASURAND, SNOMED, Terminology

KNOWN = Terminology.default()
FREQUENCY = {"LA6568-5": 0, "LA6569-3": 1, "LA6570-1": 2, "LA6571-9": 3}
YES_NO = (
    Item.CMS_9_PRESENCE, Item.CSSRS_1, Item.CSSRS_2, Item.CSSRS_3, Item.CSSRS_4, Item.CSSRS_5, Item.CSSRS_6,
    Item.CSSRS_6_3_MONTHS, Item.ACE,
)  # fmt: skip


@pytest.mark.parametrize("item", [*PHQ9_ITEMS, *GAD7_ITEMS, Item.CMS_9_FREQUENCY], ids=str)
def test_frequency_items(item: Item) -> None:
    assert {code: KNOWN.answer(LOINC, code, item) for code in FREQUENCY} == FREQUENCY
    assert KNOWN.answer(LOINC, "LA32-8", item) is None
    assert KNOWN.answer(LOINC, "LA9194-7", item) is None


@pytest.mark.parametrize("item", YES_NO, ids=str)
def test_yes_no_items(item: Item) -> None:
    assert KNOWN.answer(LOINC, "LA33-6", item) == 1
    assert KNOWN.answer(LOINC, "LA32-8", item) == 0
    assert KNOWN.answer(LOINC, "LA6568-5", item) is None


def test_only_low_or_no_risk_answers_the_risk_level_with_nothing() -> None:
    assert KNOWN.answer(LOINC, "LA9194-7", Item.CSSRS_RISK) == 0
    assert KNOWN.answer(MEASURAND, "no-risk", Item.CSSRS_RISK) == 0
    assert KNOWN.answer(LOINC, "LA32-8", Item.CSSRS_RISK) is None
    assert KNOWN.answer(MEASURAND, "absent", Item.CSSRS_RISK) is None


def test_every_item_has_a_scale() -> None:
    assert all(KNOWN.answer(LOINC, code, item) is not None for item in Item for code in [_any(item)])


def _any(item: Item) -> str:
    if item is Item.CSSRS_RISK:
        return "LA9194-7"
    return "LA33-6" if item in YES_NO else "LA6570-1"


@pytest.mark.parametrize(
    ("system", "code", "value"),
    [
        (MEASURAND, "present", 1),
        (MEASURAND, "absent", 0),
        (MEASURAND, "positive", 1),
        (MEASURAND, "negative", 0),
        (LOINC, "LA33-6", 1),
        (LOINC, "LA32-8", 0),
        (SNOMED, "10828004", 1),
        (LOINC, "LA6571-9", None),
        (SNOMED, "77386006", None),
    ],
)
def test_findings(system: str, code: str, value: int | None) -> None:
    assert KNOWN.answer(system, code) == value
    assert KNOWN.answer(system, code, analytes.NMDAR_CSF) == value


def test_pregnancy() -> None:
    assert KNOWN.answer(SNOMED, "77386006", analytes.PREGNANCY_STATUS) == 1
    assert KNOWN.answer(SNOMED, "60001007", analytes.PREGNANCY_STATUS) == 0


def test_a_quantity_has_no_answer_codes() -> None:
    assert KNOWN.answer(MEASURAND, "present", analytes.CRP) is None
