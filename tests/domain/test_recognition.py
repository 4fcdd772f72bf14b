"""Is evidence recognised in whatever way it is spelled?"""

import pytest

from service.domain.facts import Source
from service.domain.recognition import key_of, name_of, withdrawn_from
from tests.domain.facts import chart, flagged


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("Observation/9", "Observation/9"),
        ("Observation/9/_history/2", "Observation/9"),
        ("http://ehr.example/fhir/Observation/9", "Observation/9"),
        ("https://ehr.example/a/b/Observation/9/_history/2", "Observation/9"),
        ("QuestionnaireResponse/form#nine", "QuestionnaireResponse/form"),
        ("#nine", "#nine"),
        ("urn:uuid:1a", "urn:uuid:1a"),
        ("http://ehr.example/page", "http://ehr.example/page"),
        ("http://ehr.example/fhir/Observation/", "http://ehr.example/fhir/Observation/"),
        ("", ""),
    ],
)
def test_a_reference_is_known_by_type_and_id(reference: str, key: str) -> None:
    assert key_of(reference) == key


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (Source("http://ehr.example/fhir/Observation/9", "x", identifier=("urn:lab", "1")), "Observation/9"),
        (Source("", "x", identifier=("urn:lab", "1")), "urn:lab|1"),
        (Source("", "x", identifier=("", "1")), "|1"),
        (Source("", "x", identifier=("urn:lab", "")), ""),
        (Source("", "x", display="item 9"), ""),
    ],
)
def test_a_resource_is_known_by_its_reference_else_by_its_identifier(source: Source, name: str) -> None:
    assert name_of(source) == name


def test_what_was_withdrawn_is_recognised_whatever_its_spelling() -> None:
    flag = flagged("suicidality-recorded", 1, evidence=("Observation/a", "Observation/b"))
    withdrawn = frozenset({"http://ehr.example/fhir/Observation/b"})
    assert withdrawn_from(flag, chart(retracted=withdrawn)) == ("Observation/b",)
    assert withdrawn_from(flag, chart()) == ()
