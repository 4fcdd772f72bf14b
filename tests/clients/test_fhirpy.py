"""Can fhirpy call the operation, and read flags, the plan and every error?"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import AuthorizationError, OperationOutcome, ResourceNotFound

from tests.clients.patient import NO_DATA, PATIENT, PRIORITY, RULE, TOKEN, as_of, bundle, parameters

OPERATION = "$mood-immune-check"
DEFINITION = "https://moodmarker.org/fhir/OperationDefinition/mood-immune-check"
PRIORITY_URL = "http://hl7.org/fhir/StructureDefinition/flag-priority"


@pytest.fixture
def client(base: str) -> SyncFHIRClient:
    return SyncFHIRClient(base, authorization=f"Bearer {TOKEN}")


def require_flag_plan_and_outcome(client: SyncFHIRClient | AsyncFHIRClient, answer: Any) -> None:
    """Reads the answer as a program on this library would: resources by type, values by path."""
    found = [client.resource(entry.resource["resourceType"], **entry.resource) for entry in answer.entry]
    flags = [one for one in found if one.resource_type == "Flag"]
    (plan,) = [one for one in found if one.resource_type == "CarePlan"]
    assert [flag.get_by_path(["code", "coding", 0, "code"]) for flag in flags] == [RULE]
    assert flags[0].get_by_path(["extension", {"url": PRIORITY_URL}, "valueCodeableConcept", "coding", 0, "code"]) == (
        PRIORITY
    )
    assert (plan.status, plan.intent) == ("draft", "proposal")
    assert plan.subject.reference.endswith(f"Patient/{PATIENT}")
    assert plan.get_by_path(["activity", 0, "detail", "description"])
    assert found[-1].resource_type == "OperationOutcome"
    assert {issue.severity for issue in found[-1].issue} <= {"information", "warning"}


def test_a_bundle_is_sent_with_the_instant_in_the_query(client: SyncFHIRClient) -> None:
    answer = client.execute(OPERATION, data=bundle(), params={"asOf": as_of()})
    require_flag_plan_and_outcome(client, answer)


def test_parameters_with_the_bundle_are_sent(client: SyncFHIRClient) -> None:
    answer = client.execute(OPERATION, data=parameters(data=bundle()))
    require_flag_plan_and_outcome(client, answer)


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_operation_is_called_on_a_patient(client: SyncFHIRClient, method: str) -> None:
    patient = client.resource("Patient", id=PATIENT)
    given = {"params": {"asOf": as_of()}} if method == "get" else {"data": parameters()}
    require_flag_plan_and_outcome(client, patient.execute(OPERATION, method=method, **given))


def test_the_asynchronous_client_is_answered_too(base: str) -> None:
    async def ask() -> None:
        client = AsyncFHIRClient(base, authorization=f"Bearer {TOKEN}")
        answer = await client.resource("Patient", id=PATIENT).execute(OPERATION, data=parameters())
        require_flag_plan_and_outcome(client, answer)

    asyncio.run(ask())


def test_an_error_is_read_as_an_operation_outcome(client: SyncFHIRClient) -> None:
    with pytest.raises(OperationOutcome) as raised:
        client.execute(OPERATION, data=NO_DATA)
    (issue,) = raised.value.resource["issue"]
    assert (issue["severity"], issue["code"]) == ("error", "value")
    assert issue["expression"] == ["Parameters.parameter[0].valueDateTime"]


def test_who_sends_no_token_is_told_in_an_operation_outcome(base: str) -> None:
    with pytest.raises(AuthorizationError) as raised:
        SyncFHIRClient(base).resource("Patient", id=PATIENT).execute(OPERATION)
    assert json.loads(str(raised.value))["issue"][0]["code"] == "login"


def test_a_patient_that_is_not_there_is_not_found(client: SyncFHIRClient) -> None:
    with pytest.raises(ResourceNotFound) as raised:
        client.resource("Patient", id="nobody").execute(OPERATION, method="get")
    assert json.loads(str(raised.value))["issue"][0]["code"] == "not-found"


def test_the_operation_is_found_by_its_code(client: SyncFHIRClient) -> None:
    definitions = client.resources("OperationDefinition").search(url=DEFINITION).fetch()
    assert [one.code for one in definitions] == ["mood-immune-check"]
    statement = client.execute("metadata", method="get")
    assert "mood-immune-check" in [one.name for one in statement.rest[0].operation]
