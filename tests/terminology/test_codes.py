"""Is every code well formed, sourced, and given one meaning?"""

import re
from collections import Counter

import pytest

from service.terminology import ACT_CODE, LOINC, MEASURAND, SNOMED
from service.terminology.diagnoses import DIAGNOSES, plain
from service.terminology.medicines import DRUG_CLASSES, MEDICINES
from service.terminology.rows import Row, Tier
from service.terminology.traps import TRAPS
from tests.terminology.check_digits import is_loinc, is_snomed
from tests.terminology.rows import ROWS

ATC_CODE = re.compile(r"[A-V]\d\d[A-Z][A-Z]\d\d")
RXNORM_CODE = re.compile(r"[1-9]\d{0,7}")
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code} {row.display[:30]}")


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("44261-6", True),
        ("44261-8", False),
        ("101281-4", True),
        ("99771-2", False),
        ("82293-6", False),
        ("1988-5", True),
        ("LA6568-5", True),
        ("LA6569-5", False),
        ("44261", False),
        ("4426x-6", False),
        ("44261-", False),
    ],
)
def test_loinc_check_digit(code: str, valid: bool) -> None:
    assert is_loinc(code) is valid


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("24700007", True),
        ("24700008", False),
        ("42700007", False),
        ("25470001000004105", True),
        ("506701000000100", True),
        ("12345", False),
        ("0123456", False),
    ],
)
def test_snomed_check_digit(code: str, valid: bool) -> None:
    assert is_snomed(code) is valid


@every_row
def test_code_is_well_formed(row: Row[object]) -> None:
    if row.system == LOINC:
        assert is_loinc(row.code)
    elif row.system == SNOMED:
        assert is_snomed(row.code)
    else:
        assert row.system in {ACT_CODE, MEASURAND}


@every_row
def test_code_has_a_display_and_says_where_both_were_seen(row: Row[object]) -> None:
    assert row.display
    assert row.display == row.display.strip()
    assert row.evidence
    assert row.tier in Tier


def test_one_code_one_row() -> None:
    counted = Counter((row.system, row.code) for row in ROWS)
    assert [code for code, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("diagnosis", DIAGNOSES, ids=lambda diagnosis: diagnosis.code)
def test_icd_code_is_well_formed_and_sourced(diagnosis: object) -> None:
    assert diagnosis in DIAGNOSES
    code = next(row for row in DIAGNOSES if row is diagnosis)
    assert re.fullmatch(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", code.code)
    assert plain(code.code) == code.code.replace(".", "")
    assert code.display
    assert code.evidence
    assert code.tier is Tier.A


def test_icd_codes_are_listed_once_and_not_below_each_other() -> None:
    bare = [plain(row.code) or "" for row in DIAGNOSES]
    assert len(set(bare)) == len(bare)
    stems = [plain(row.code) or "" for row in DIAGNOSES if row.is_stem]
    assert [(stem, code) for stem in stems for code in bare if code != stem and code.startswith(stem)] == []


def test_no_injury_code_is_read_as_trauma() -> None:
    assert [row.code for row in DIAGNOSES if row.code.startswith("T14")] == ["T14.91XA"]


@pytest.mark.parametrize("medicine", MEDICINES, ids=lambda medicine: medicine.slug)
def test_medicine_codes_are_well_formed_and_sourced(medicine: object) -> None:
    row = next(known for known in MEDICINES if known is medicine)
    assert all(ATC_CODE.fullmatch(code) for code in row.atc + row.atc_old)
    assert row.atc
    assert row.evidence
    assert row.tier in Tier
    assert row.interval_days > 0
    assert not row.rxnorm or RXNORM_CODE.fullmatch(row.rxnorm)


def test_one_medicine_code_one_ingredient() -> None:
    atc = Counter(code for medicine in MEDICINES for code in medicine.atc + medicine.atc_old)
    rxnorm = Counter(medicine.rxnorm for medicine in MEDICINES if medicine.rxnorm)
    slugs = Counter(medicine.slug for medicine in MEDICINES)
    assert [code for counted in (atc, rxnorm, slugs) for code, times in counted.items() if times > 1] == []


def test_drug_classes_are_sourced() -> None:
    for group in DRUG_CLASSES:
        assert group.evidence
        assert group.display
        assert group.tier is Tier.A


def test_no_refused_code_is_read() -> None:
    read = {(row.system, row.code) for row in ROWS}
    assert read.isdisjoint((trap.system, trap.code) for trap in TRAPS)


def test_refusals_for_a_wrong_check_digit_are_true() -> None:
    blamed = {trap.code for trap in TRAPS if "check digit" in trap.reason}
    false = {trap.code for trap in TRAPS if trap.system == LOINC and not is_loinc(trap.code)}
    # A LOINC part is no observation code whatever its digit.
    assert blamed == false - {"LP241977-0"}
