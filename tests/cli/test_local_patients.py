"""Are the made-up patients of a local FHIR server what the examples tell, as of now?"""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from service.cli import local_patients
from service.cli.local_patients import PATIENTS, LoadingFailed, LocalPatient, load, new_result, transaction, wait_for

TODAY = date(2031, 3, 1)
RELAPSE = PATIENTS[0]


def resources(one: LocalPatient) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in transaction(one, TODAY)["entry"]]


def test_no_two_resources_share_an_id() -> None:
    named = [(one["resourceType"], one["id"]) for patient in PATIENTS for one in resources(patient)]
    assert len(named) == len(set(named))


def test_dates_move_together_and_birth_dates_stay() -> None:
    onsets = {one["id"]: one.get("onsetDateTime", "") for one in resources(RELAPSE)}
    # The relapse began 31 days before the day on which the example is asked about.
    assert onsets["ada-beispiel-relapse-2026"][:10] == "2031-01-29"
    assert next(one["birthDate"] for one in resources(RELAPSE) if "birthDate" in one) == "1992-03-14"


def test_references_follow_the_ids() -> None:
    stored = {f"{one['resourceType']}/{one['id']}" for one in resources(RELAPSE)}
    panel = next(one for one in resources(RELAPSE) if "hasMember" in one)
    assert panel["hasMember"]
    assert {member["reference"] for member in panel["hasMember"]} <= stored


def test_the_new_result_is_of_a_patient_who_is_there() -> None:
    result = new_result(TODAY)
    assert result["subject"]["reference"] == f"Patient/{RELAPSE.patient}"
    assert result["effectiveDateTime"] == "2031-03-01"


def answering(status: int) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(status)))


def test_a_refused_patient_is_told() -> None:
    with pytest.raises(LoadingFailed, match="answered 422 to ada-beispiel"):
        load(answering(422), "http://127.0.0.1/fhir", TODAY)


def test_a_server_that_never_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_patients, "_PAUSE_SECONDS", 0.0)
    with pytest.raises(LoadingFailed, match="does not answer"):
        wait_for(answering(503), "http://127.0.0.1/fhir/metadata", 0.01)
