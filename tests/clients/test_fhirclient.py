"""Can the SMART client for Python call the operation, and do its R4 models read the whole answer?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.fhirabstractbase import FHIRAbstractBase
from fhirclient.models.operationdefinition import OperationDefinition
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.parameters import Parameters, ParametersParameter
from fhirclient.server import FHIRNotFoundException, FHIRUnauthorizedException

from tests.clients.patient import NO_DATA, PATIENT, PRIORITY, RULE, TOKEN, as_of, bundle, parameters

OPERATION = "$mood-immune-check"
ON_PATIENT = f"Patient/{PATIENT}/{OPERATION}"


@pytest.fixture
def smart(base: str) -> Iterator[FHIRClient]:
    """A client as an app makes it; it asks for the CapabilityStatement before anything else."""
    client = FHIRClient({"app_id": "moodmarker-test", "api_base": base})
    client.prepare()
    assert client.server.capabilityStatement.fhirVersion == "4.0.1"
    client.server.session.headers["Authorization"] = f"Bearer {TOKEN}"
    yield client
    client.server.session.close()


def require_flag_plan_and_outcome(answer: dict[str, Any]) -> None:
    """The library's models refuse what R4 does not have, so reading everything is a check in itself."""
    found: list[FHIRAbstractBase] = [entry.resource for entry in Bundle(answer).entry]
    flags = [one for one in found if one.resource_type == "Flag"]
    (plan,) = [one for one in found if one.resource_type == "CarePlan"]
    assert [flag.code.coding[0].code for flag in flags] == [RULE]
    (priority,) = [one for one in flags[0].extension if one.url.endswith("/flag-priority")]
    assert priority.valueCodeableConcept.coding[0].code == PRIORITY
    assert flags[0].period.start.isostring
    assert (plan.status, plan.intent) == ("draft", "proposal")
    assert plan.activity[0].detail.description
    assert found[-1].resource_type == "OperationOutcome"


def test_parameters_with_the_bundle_are_sent(smart: FHIRClient) -> None:
    sent = Parameters(parameters())
    data = ParametersParameter()
    data.name, data.resource = "data", Bundle(bundle())
    sent.parameter.append(data)
    require_flag_plan_and_outcome(smart.server.post_json(OPERATION, sent.as_json()).json())


def test_a_bundle_is_sent_with_the_instant_in_the_query(smart: FHIRClient) -> None:
    asked = f"{OPERATION}?{urlencode({'asOf': as_of()})}"
    answer = smart.server.post_json(asked, Bundle(bundle()).as_json())
    require_flag_plan_and_outcome(answer.json())


def test_the_operation_is_called_on_a_patient(smart: FHIRClient) -> None:
    require_flag_plan_and_outcome(smart.server.post_json(ON_PATIENT, parameters()).json())
    require_flag_plan_and_outcome(smart.server.request_json(f"{ON_PATIENT}?asOf=2026-11-20"))


def test_an_error_is_read_as_an_operation_outcome(smart: FHIRClient) -> None:
    with pytest.raises(requests.HTTPError) as raised:
        smart.server.post_json(OPERATION, NO_DATA)
    assert raised.value.response is not None
    outcome = OperationOutcome(raised.value.response.json())
    assert (outcome.issue[0].severity, outcome.issue[0].code) == ("error", "value")


def test_every_refusal_of_its_own_kind_carries_an_operation_outcome(smart: FHIRClient) -> None:
    with pytest.raises(FHIRNotFoundException) as missing:
        smart.server.request_json(f"Patient/nobody/{OPERATION}")
    del smart.server.session.headers["Authorization"]
    with pytest.raises(FHIRUnauthorizedException) as refused:
        smart.server.post_json(ON_PATIENT, parameters())
    told = [OperationOutcome(one.value.response.json()).issue[0].code for one in (missing, refused)]
    assert told == ["not-found", "login"]


def test_the_operation_is_found_by_its_address(smart: FHIRClient) -> None:
    offered = smart.server.capabilityStatement.rest[0].operation
    (url,) = [one.definition.partition("|")[0] for one in offered if f"${one.name}" == OPERATION]
    (found,) = OperationDefinition.where({"url": url}).perform_resources_iter(smart.server)
    assert f"${found.code}" == OPERATION
    assert OperationDefinition.read(found.id, smart.server).url == url
