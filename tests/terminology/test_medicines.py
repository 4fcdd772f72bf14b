"""Is a medicine recognised by each of its codes, and a local steroid told from a systemic one?"""

import pytest

from service.domain.concepts import DrugGroup as G
from service.terminology import ATC, MEASURAND, RXNORM, SNOMED, Drug, Terminology
from service.terminology.medicines import MEDICINES, Medicine
from service.terminology.routes import LOCAL_ROUTES

KNOWN = Terminology.default()


@pytest.mark.parametrize("medicine", MEDICINES, ids=lambda medicine: medicine.slug)
def test_every_code_leads_to_the_ingredient(medicine: Medicine) -> None:
    codes = [(ATC, code) for code in medicine.atc + medicine.atc_old] + [(MEASURAND, medicine.slug)]
    codes += [(RXNORM, medicine.rxnorm)] if medicine.rxnorm else []
    for system, code in codes:
        drug = KNOWN.drug(system, code)
        assert drug is not None
        assert drug[:3] == (medicine.ingredient, medicine.group, medicine.interval_days)


@pytest.mark.parametrize(
    ("code", "ingredient", "days"),
    [
        ("L04AA23", "natalizumab", 42),
        ("L04AG03", "natalizumab", 42),
        ("L04AA27", "fingolimod", 30),
        ("L04AE01", "fingolimod", 30),
        ("L01XC18", "pembrolizumab", 42),
        ("L04AC19", "satralizumab", 30),
        ("L04AC05", "ustekinumab", 84),
    ],
)
def test_old_and_new_atc(code: str, ingredient: str, days: int) -> None:
    drug = KNOWN.drug(ATC, code)
    assert drug is not None
    assert (drug.ingredient, drug.interval_days) == (ingredient, days)
    assert KNOWN.drug("urn:oid:2.16.840.1.113883.6.73", code) == drug


@pytest.mark.parametrize(
    ("code", "drug"),
    [
        ("J01", Drug("antibiotic", G.ANTIBIOTIC, 30)),
        ("J01CA04", Drug("antibiotic", G.ANTIBIOTIC, 30)),
        ("N06AG02", Drug("antidepressant N06AG02", G.ANTIDEPRESSANT, 30)),
        ("N06AB", Drug("antidepressant N06AB", G.ANTIDEPRESSANT, 30)),
        ("N06AX27", Drug("esketamine", G.ANTIDEPRESSANT, 30)),
        ("H02AB10", Drug("corticosteroid H02AB10", G.STEROID_SYSTEMIC, 30, systemic=True)),
        ("H02AB09", Drug("hydrocortisone", G.STEROID_SYSTEMIC, 30, systemic=True)),
        ("H02AA02", None),
        ("N06BA04", None),
        ("J02AC01", None),
        ("J01 CA04", None),
        ("j01ca04", None),
        ("J01CA04X", None),
        ("", None),
    ],
)
def test_atc_classes(code: str, drug: Drug | None) -> None:
    assert KNOWN.drug(ATC, code) == drug


def test_a_class_counts_only_in_its_own_system() -> None:
    assert KNOWN.drug(RXNORM, "J01CA04") is None
    assert KNOWN.drug("urn:example", "L04AG03") is None


def test_only_an_atc_code_makes_a_steroid_systemic_by_itself() -> None:
    by_rxnorm = KNOWN.drug(RXNORM, "5492")
    assert by_rxnorm is not None
    assert not by_rxnorm.systemic
    assert KNOWN.steroid_needs_route(by_rxnorm.ingredient)
    assert KNOWN.steroid_needs_route("betamethasone")
    for ingredient in ("methylprednisolone", "prednisone", "prednisolone", "dexamethasone"):
        assert not KNOWN.steroid_needs_route(ingredient)


def test_another_atc_class_makes_it_a_local_form() -> None:
    assert KNOWN.contradicts_systemic_steroid(ATC, "D07AA02")
    assert not KNOWN.contradicts_systemic_steroid(ATC, "H02AB09")
    assert not KNOWN.contradicts_systemic_steroid(RXNORM, "5492")


def test_local_routes() -> None:
    assert {row.code for row in LOCAL_ROUTES} == {
        "6064005", "10547007", "12130007", "16857009", "37161004", "46713006", "54485002", "447694001",
    }  # fmt: skip
    assert all(KNOWN.is_local_route(SNOMED, row.code) for row in LOCAL_ROUTES)
    assert KNOWN.is_local_route("urn:oid:2.16.840.1.113883.6.96", "6064005")
    assert KNOWN.is_local_route(MEASURAND, "local-route")
    assert not KNOWN.is_local_route(MEASURAND, "systemic-route")
    assert not KNOWN.is_local_route(SNOMED, "26643006")


@pytest.mark.parametrize("group", G, ids=str)
def test_every_group_has_codes(group: G) -> None:
    codes = KNOWN.codes_of(group)
    assert codes
    assert all(drug and drug.group is group for drug in (KNOWN.drug(code.system, code.code) for code in codes))
