"""Does a FHIR server that wants SMART Backend Services give the service a token, and a patient's data for it?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from service.security.keys import KeyFolder
from tests.api.serving import Served, serving
from tests.cli.calling import call
from tests.server.local_server import LocalServer
from tests.server.sekmet import running
from tests.server.test_patient_check import as_of, example, rules_flagged

FIXED = "a-token-for-the-tests"
TYPES = (
    "Patient", "Observation", "Condition", "MedicationRequest", "MedicationStatement", "MedicationAdministration",
    "MedicationDispense", "Medication", "Encounter", "Procedure", "Immunization", "Flag", "CarePlan",
    "QuestionnaireResponse", "DiagnosticReport", "AllergyIntolerance", "Specimen", "ServiceRequest",
)  # fmt: skip
CLIENTS = {
    "everything": " ".join(f"system/{kind}.rs" for kind in TYPES),
    "no-conditions": " ".join(f"system/{kind}.rs" for kind in TYPES if kind != "Condition"),
    "nothing-of-use": "system/Slot.rs",
    "in-old-words": " ".join(f"system/{kind}.read" for kind in TYPES),
}


class Guarded(NamedTuple):
    """The server, and the folder of the keys that it knows."""

    sekmet: LocalServer
    keys: Path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("smart")
    assert call("keys", "new", "--folder", str(folder / "keys")).code == 0
    known = {key["alg"]: {"keys": [key]} for key in KeyFolder(folder / "keys").published()["keys"]}
    # This server fails over a key set with keys of two kinds, so each of its clients has one.
    clients = [
        {"client_id": f"{name}-{algorithm}", "jwks": known[algorithm], "scopes": scopes}
        for name, scopes in CLIENTS.items()
        for algorithm in known
    ]
    auth = {"types": ["smart", "bearer"], "tokens": [FIXED], "enforce_scopes": True, "smart_clients": clients}
    with running(folder, server_auth=auth | {"token_lifetime": 300}) as sekmet:
        sekmet.client.headers["Authorization"] = f"Bearer {FIXED}"
        sekmet.put(*example("ada"))
        yield Guarded(sekmet, folder / "keys")


# How the service is told to reach the server, by the name that a request says.
WAYS: dict[str, dict[str, Any]] = {
    "rs384": {"client_id": "everything-RS384", "algorithm": "RS384"},
    "es384": {"client_id": "everything-ES384", "algorithm": "ES384"},
    "v1": {"client_id": "in-old-words-RS384", "algorithm": "RS384", "scopes": "v1"},
    "kept": {"client_id": "everything-ES384"},
    "no-conditions": {"client_id": "no-conditions-ES384"},
    "unknown": {"client_id": "somebody-else"},
    "no-scope": {"client_id": "nothing-of-use-ES384"},
    "no-token": {},
    "wrong-token": {"token": "wrong"},
}


def started(guarded: Guarded) -> AbstractContextManager[Served]:
    """The service with one server, reached in each of these ways."""
    servers = {name: {"url": guarded.sekmet.base, **way} for name, way in WAYS.items()}
    return serving(SERVERS=json.dumps(servers), KEYS=str(guarded.keys))


@pytest.fixture(scope="module")
def served(guarded: Guarded) -> Iterator[Served]:
    with started(guarded) as running_service:
        yield running_service


def checked(served: Served, way: str, times: int = 1) -> tuple[httpx.Response, Any, str]:
    """The answer for Ada, what health says of the server then, and what was logged for it."""
    url = f"{served.url}/fhir/Patient/ada/$mood-immune-check"
    query = {"asOf": as_of(), "server": way}
    answers = [httpx.get(url, params=query, trust_env=False, timeout=90) for _ in range(times)]
    log = [line for _ in range(times) for line in served.logged_until("request")]
    health = httpx.get(f"{served.url}/health/servers", trust_env=False).json()
    return answers[-1], health["servers"].get(way), json.dumps(log)


def token_requests(guarded: Guarded) -> int:
    return (guarded.keys.parent / "log").read_text().count("POST /auth/token")


@pytest.mark.parametrize("way", ["rs384", "es384", "v1"])
def test_with_our_keys_a_patient_is_fetched_and_flagged(guarded: Guarded, served: Served, way: str) -> None:
    answer, health, log = checked(served, way, times=2)
    assert answer.status_code == 200, answer.text
    assert "mood-worsening-near-relapse" in rules_flagged(answer)
    assert "did not grant access" not in answer.text
    assert health == {"token": "ok"}
    for path in guarded.keys.iterdir():
        assert json.loads(path.read_text())["d"] not in log
    assert "eyJ" not in log + answer.text


def test_what_is_not_granted_is_told_and_ruled_out_by_nobody(served: Served) -> None:
    answer, health, _ = checked(served, "no-conditions")
    assert answer.status_code == 200, answer.text
    assert "Condition: the server did not grant access to it" in answer.text
    assert health == {"token": "ok"}


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("unknown", "its token endpoint refuses (invalid_client)"),
        ("no-scope", "its token endpoint refuses (invalid_scope)"),
    ],
)
def test_a_refusal_is_a_clear_error(served: Served, way: str, reason: str) -> None:
    answer, health, log = checked(served, way)
    assert answer.status_code == 502
    assert reason in answer.json()["issue"][0]["details"]["text"]
    assert reason in health["token"]
    assert reason in log
    assert "somebody-else" not in answer.text + log


def test_keys_that_the_server_does_not_know_are_refused(guarded: Guarded, tmp_path: Path) -> None:
    assert call("keys", "new", "--folder", str(tmp_path / "keys")).code == 0
    with started(guarded._replace(keys=tmp_path / "keys")) as running_service:
        answer, _, _ = checked(running_service, "es384")
    assert answer.status_code == 502
    assert "its token endpoint refuses (invalid_client)" in answer.text


@pytest.mark.parametrize("way", ["no-token", "wrong-token"])
def test_without_a_token_the_servers_refusal_is_a_clear_error(served: Served, way: str) -> None:
    answer, _, _ = checked(served, way)
    assert answer.status_code == 502
    assert "status 401, for it does not know the service" in answer.json()["issue"][0]["details"]["text"]


def test_a_token_is_kept_from_request_to_request(guarded: Guarded, served: Served) -> None:
    before = token_requests(guarded)
    answer, _, _ = checked(served, "kept", times=3)
    assert answer.status_code == 200
    assert token_requests(guarded) == before + 1
