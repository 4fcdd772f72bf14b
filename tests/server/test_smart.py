"""Does a FHIR server that wants SMART Backend Services give the service a token, and a patient's data for it?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from service.security.keys import KeyFolder
from tests.api.serving import Served, serving
from tests.cli.calling import call
from tests.server.sekmet import Sekmet, running
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

    sekmet: Sekmet
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


def checked(guarded: Guarded, times: int = 1, **server: Any) -> tuple[httpx.Response, dict[str, Any], str]:
    """The answer for Ada with a server configured like this, what health says of it then, and the log."""
    servers = json.dumps({"main": {"url": guarded.sekmet.base, **server}})
    keys = {"KEYS": str(guarded.keys)} if "client_id" in server else {}
    with serving(SERVERS=servers, **keys) as running:
        url = f"{running.url}/fhir/Patient/ada/$mood-immune-check"
        answers = [httpx.get(url, params={"asOf": as_of()}, trust_env=False, timeout=90) for _ in range(times)]
        health = httpx.get(f"{running.url}/health/ready", trust_env=False).json()
        return answers[-1], health, ended_log(running)


def ended_log(served: Served) -> str:
    """Everything that was logged until its end."""
    served.end()
    assert served.process.stderr is not None
    return served.process.stderr.read().decode()


def token_requests(guarded: Guarded) -> int:
    return (guarded.keys.parent / "log").read_text().count("POST /auth/token")


@pytest.mark.parametrize(
    "server",
    [
        {"client_id": "everything-RS384", "algorithm": "RS384"},
        {"client_id": "everything-ES384", "algorithm": "ES384"},
        {"client_id": "in-old-words-RS384", "algorithm": "RS384", "scopes": "v1"},
    ],
    ids=["RS384", "ES384", "v1"],
)
def test_with_our_keys_a_patient_is_fetched_and_flagged(guarded: Guarded, server: dict[str, Any]) -> None:
    answer, health, log = checked(guarded, times=2, **server)
    assert answer.status_code == 200, answer.text
    assert "mood-worsening-near-relapse" in rules_flagged(answer)
    assert "did not grant access" not in answer.text
    assert health["servers"] == {"main": {"token": "ok"}}
    for path in guarded.keys.iterdir():
        assert json.loads(path.read_text())["d"] not in log
    assert "eyJ" not in log + answer.text


def test_what_is_not_granted_is_told_and_ruled_out_by_nobody(guarded: Guarded) -> None:
    answer, health, _ = checked(guarded, client_id="no-conditions-ES384")
    assert answer.status_code == 200, answer.text
    assert "Condition: the server did not grant access to it" in answer.text
    assert health["servers"] == {"main": {"token": "ok"}}


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ({"client_id": "somebody-else"}, "its token endpoint refuses (invalid_client)"),
        ({"client_id": "nothing-of-use-ES384"}, "its token endpoint refuses (invalid_scope)"),
    ],
    ids=["an unknown client", "no scope"],
)
def test_a_refusal_is_a_clear_error(guarded: Guarded, server: dict[str, Any], reason: str) -> None:
    answer, health, log = checked(guarded, **server)
    assert answer.status_code == 502
    assert reason in answer.json()["issue"][0]["details"]["text"]
    assert reason in health["servers"]["main"]["token"]
    assert reason in log
    assert "somebody-else" not in answer.text + log


def test_keys_that_the_server_does_not_know_are_refused(guarded: Guarded, tmp_path: Path) -> None:
    assert call("keys", "new", "--folder", str(tmp_path / "keys")).code == 0
    answer, _, _ = checked(guarded._replace(keys=tmp_path / "keys"), client_id="everything-ES384")
    assert answer.status_code == 502
    assert "its token endpoint refuses (invalid_client)" in answer.text


@pytest.mark.parametrize(
    ("server", "status"), [({}, 401), ({"token": "wrong"}, 401)], ids=["no token", "a token that is wrong"]
)
def test_without_a_token_the_servers_refusal_is_a_clear_error(
    guarded: Guarded, server: dict[str, Any], status: int
) -> None:
    answer, _, _ = checked(guarded, **server)
    assert answer.status_code == 502
    assert f"status {status}, for it does not know the service" in answer.json()["issue"][0]["details"]["text"]


def test_a_token_is_kept_from_request_to_request(guarded: Guarded) -> None:
    before = token_requests(guarded)
    answer, _, _ = checked(guarded, times=3, client_id="everything-ES384")
    assert answer.status_code == 200
    assert token_requests(guarded) == before + 1
