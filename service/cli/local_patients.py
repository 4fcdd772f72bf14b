"""Made-up patients for a local FHIR server: examples of contracts/, with their dates moved so that they are of now."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

import httpx

from service.cli.contracts import contracts_folder
from service.security.sockets import blocking

Json = dict[str, Any]
_PAUSE_SECONDS: Final = 0.2
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class LocalPatient(NamedTuple):
    """The example a patient is told in, and the patient's id."""

    example: str
    patient: str


# One of each kind of answer: an event, a pattern, an emergency, a confounder, "cannot tell", and a part of a pattern.
PATIENTS: Final = (
    LocalPatient("relapse-with-worse-mood", "ada-beispiel"),
    LocalPatient("low-grade-crp-for-two-months", "karl-mockup"),
    LocalPatient("new-psychosis-with-seizure", "xaver-exemplar"),
    LocalPatient("pneumonia-with-high-crp", "hanna-sample"),
    LocalPatient("crp-below-detection-limit", "carla-specimen"),
    LocalPatient("anxiety-with-low-grade-crp", "nils-standin"),
)


class LoadingFailed(Exception):
    """The FHIR server could not be reached, or refused a patient."""


def load_when_ready(base: str, patience_seconds: float = 300.0) -> list[str]:
    """Waits for a FHIR server, stores every patient, each in one transaction, and gives their ids."""
    with blocking(base, 60.0) as client:
        wait_for(client, f"{base}/metadata", patience_seconds)
        load(client, base, datetime.now(UTC).date())
    return [one.patient for one in PATIENTS]


def wait_for(client: httpx.Client, address: str, patience_seconds: float) -> None:
    """Until it answers; raises `LoadingFailed` when it does not in time."""
    ends = time.monotonic() + patience_seconds
    while True:
        try:
            if client.get(address).is_success:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > ends:
            raise LoadingFailed("the FHIR server does not answer")
        time.sleep(_PAUSE_SECONDS)


def load(client: httpx.Client, base: str, today: date) -> None:
    """Stores every patient as of a day; raises `LoadingFailed` when the server refuses one."""
    for one in PATIENTS:
        answer = client.post(base, json=transaction(one, today), headers={"Content-Type": "application/fhir+json"})
        if not answer.is_success:
            raise LoadingFailed(f"the FHIR server answered {answer.status_code} to {one.patient}")


def transaction(one: LocalPatient, today: date) -> Json:
    """A patient's resources under ids of their own, dated as if the example had been made today."""
    request = json.loads((contracts_folder() / "examples" / one.example / "request.json").read_text(encoding="utf-8"))
    sent = {parameter["name"]: parameter for parameter in request["parameter"]}
    moved = today - date.fromisoformat(sent["asOf"]["valueDateTime"][:10])
    resources = [entry["resource"] for entry in sent["data"]["resource"]["entry"]]
    named = {
        f"{resource['resourceType']}/{resource['id']}": f"{resource['resourceType']}/{_id(resource, one)}"
        for resource in resources
    }
    entries = []
    for resource in resources:
        own = _moved(resource | {"id": _id(resource, one)}, moved, named)
        entries.append({"resource": own, "request": {"method": "PUT", "url": f"{own['resourceType']}/{own['id']}"}})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def new_result(today: date) -> Json:
    """A positive answer about thoughts of death, of the first patient."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{PATIENTS[0].patient}"},
        "effectiveDateTime": today.isoformat(),
        "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA6569-3"}]},
    }


def _id(resource: Json, one: LocalPatient) -> str:
    """Examples name their resources alike, so each gets its patient's name before its own."""
    own = str(resource["id"])
    return own if resource["resourceType"] == "Patient" else f"{one.patient}-{own}"


def _moved(value: Any, by: timedelta, named: dict[str, str], name: str = "") -> Any:
    """The same with every full date but that of birth moved, and with references that follow the new ids."""
    if isinstance(value, dict):
        return {key: _moved(inner, by, named, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, by, named, name) for inner in value]
    if not isinstance(value, str):
        return value
    if name == "reference":
        return named.get(value, value)
    if name != "birthDate" and _DAY.match(value):
        return f"{date.fromisoformat(value[:10]) + by}{value[10:]}"
    return value
