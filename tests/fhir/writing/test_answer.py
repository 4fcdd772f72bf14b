"""Is the answer the same bytes for the same input, and can its transaction be stored?"""

from datetime import UTC, datetime, timedelta, timezone
from uuid import NAMESPACE_URL, uuid5

import pytest

from service.domain.days import AsOf
from service.domain.facts import Chart, Patient, Source
from service.fhir.writing.elements import NAMESPACE, full_url, spell_instant
from service.fhir.writing.rules import spell_rule
from tests.fhir.conformance.checking import problems
from tests.fhir.writing.assessments import MARKER, RULES, answer, assessment, finding, proposal, rule
from tests.fhir.writing.documents import decoded, entries, of_type


def test_the_same_assessment_gives_the_same_bytes() -> None:
    flag = finding()
    made = assessment(flag, plan=proposal(flag))
    assert answer(made, explain="full") == answer(made, explain="full")


def test_addresses_are_uuids_of_the_identifiers() -> None:
    assert uuid5(NAMESPACE_URL, "https://moodmarker.org/fhir") == NAMESPACE
    for value in ("abc", "", "é|%"):
        assert full_url("urn:x", value) == f"urn:uuid:{uuid5(NAMESPACE, f'urn:x|{value}')}"
    (flag, *_, outcome) = entries(answer(assessment(finding())))
    assert flag["fullUrl"] == full_url("https://moodmarker.org/fhir/sid/flag", finding().identifier)
    assert outcome["fullUrl"].startswith("urn:uuid:")


def test_no_timestamp_and_no_id_where_nothing_is_stored() -> None:
    flag = finding()
    body = answer(assessment(flag, plan=proposal(flag)), explain="full")
    assert "timestamp" not in decoded(body)
    assert not any("id" in entry["resource"] for entry in entries(body))


def test_a_new_flag_is_made_once() -> None:
    (entry,) = entries(answer(assessment(finding()), as_="transaction"))
    value = finding().identifier
    assert entry["request"] == {
        "method": "POST",
        "url": "Flag",
        "ifNoneExist": f"identifier=https://moodmarker.org/fhir/sid/flag|{value}",
    }


def test_nothing_to_store_is_a_transaction_without_entries() -> None:
    body = answer(assessment(), as_="transaction")
    assert problems(body) == []
    assert decoded(body)["parameter"][0]["resource"] == {"resourceType": "Bundle", "type": "transaction"}


@pytest.mark.parametrize(
    ("patient", "collection", "transaction"),
    [
        (Patient("Patient/a", "http://ehr/fhir/Patient/a"), {"reference": "http://ehr/fhir/Patient/a"}, None),
        (
            Patient("urn:mrn|5", "urn:uuid:11"),
            {"reference": "urn:uuid:11"},
            {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "5"}},
        ),
        (
            Patient("|5", ""),
            {"type": "Patient", "identifier": {"value": "5"}},
            None,
        ),
        (
            Patient("urn:uuid:11", "urn:uuid:11"),
            {"reference": "urn:uuid:11"},
            {"type": "Patient", "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:11"}},
        ),
    ],
)
def test_the_subject_is_named_so_that_it_can_be_found(
    patient: Patient, collection: dict[str, object], transaction: dict[str, object] | None
) -> None:
    made = assessment(finding(), chart=Chart(patient))
    for as_, subject in (("collection", collection), ("transaction", transaction or collection)):
        (flag,) = of_type(answer(made, as_=as_), "Flag")
        assert flag["subject"] == subject


def test_a_transaction_holds_no_urn_that_leads_nowhere() -> None:
    source = Source("urn:uuid:0d0e", "Bundle.entry[1].resource")
    made = assessment(finding(evidence=(source, MARKER)))
    assert b'"valueReference":{"reference":"urn:uuid:0d0e"}' in answer(made)
    body = answer(made, as_="transaction")
    assert problems(body) == []
    assert b'"identifier":{"system":"urn:ietf:rfc:3986","value":"urn:uuid:0d0e"}' in body


@pytest.mark.parametrize(
    ("instant", "spelled"),
    [
        (datetime(2026, 6, 30, 12, tzinfo=timezone(timedelta(hours=2))), "2026-06-30T12:00:00+02:00"),
        (datetime(1850, 1, 1, tzinfo=timezone(timedelta(minutes=9, seconds=21))), "1849-12-31T23:50:39Z"),
        (datetime(2026, 6, 30, 12, 0, 0, 250, tzinfo=UTC), "2026-06-30T12:00:00.000250+00:00"),
    ],
)
def test_instants_are_spelled_as_fhir_spells_them(instant: datetime, spelled: str) -> None:
    assert spell_instant(instant) == spelled
    body = answer(assessment(finding(), as_of=AsOf(instant, UTC, "UTC")))
    assert problems(body) == []


def test_rules_are_spelled_once() -> None:
    assert spell_rule(RULES[0]) is spell_rule(RULES[0])


def test_many_rules_do_not_fill_the_memory() -> None:
    first = spell_rule(RULES[0])
    spelled = [spell_rule(rule(f"rule-{number}", "Title")) for number in range(1001)]
    assert spell_rule(RULES[0]) is not first
    assert len({id(one) for one in spelled}) == 1001
