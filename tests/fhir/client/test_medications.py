"""Is every Medication that a record of medicines refers to found, however the reference is written?"""

import json

import pytest

from service.fhir.client.medications import NO_MEDICINES, Medicines, medications_of

BASE = "https://ehr.example/fhir"


def of(reference: object, base: str = BASE) -> Medicines:
    record = {"resourceType": "MedicationRequest", "medicationReference": reference}
    return medications_of({"MedicationRequest": [json.dumps({"resource": record}).encode()]}, base)


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Medication/m1"},
        {"identifier": {"value": "x", "type": {"text": "{"}}, "reference": "Medication/m1"},
        {"reference": f"{BASE}/Medication/m1"},
        {"reference": "Medication/m1/_history/3"},
        {"display": "a", "extension": [{"url": "u"}], "reference": f"{BASE}/Medication/m1/_history/3"},
    ],
)
def test_a_medication_of_the_same_server_is_named(reference: object) -> None:
    assert of(reference) == Medicines(("m1",), elsewhere=False)


@pytest.mark.parametrize("literal", ["https://other.example/fhir/Medication/m1", "urn:uuid:1", "Substance/m1", "m1"])
def test_one_in_another_place_is_told(literal: str) -> None:
    assert of({"reference": literal}) == Medicines((), elsewhere=True)


def test_without_a_server_any_medication_is_named() -> None:
    assert of({"reference": "https://other.example/fhir/Medication/m1"}, base="").names == ("m1",)


@pytest.mark.parametrize(
    "reference", [None, {"reference": "#inside"}, {"display": "a medicine"}, 5, [], "Medication/1"]
)
def test_what_is_no_reference_to_fetch_is_none(reference: object) -> None:
    assert of(reference) == NO_MEDICINES


def test_an_entry_of_another_shape_is_passed_over() -> None:
    assert medications_of({"MedicationStatement": [b"{", b"[]", b'{"resource":null}']}, BASE) == NO_MEDICINES
