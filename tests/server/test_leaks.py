"""Does anything of a patient reach a log, a number or an error on the ways that lead to a FHIR server?"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.security.hooks import secret_of
from service.settings import load_settings
from tests.api.serving import serving
from tests.server.in_a_thread import in_a_thread
from tests.server.local_server import LocalServer
from tests.server.sekmet import PATIENCE
from tests.server.subscribing import Site

MARK = "ZQXMARKED"
PATIENT = f"{MARK}-patient"
FHIR_JSON = {"Content-Type": "application/fhir+json"}
OBSERVATION = {
    "resourceType": "Observation",
    "id": f"{MARK}-observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}], "text": f"{MARK}-code"},
    "subject": {"reference": f"Patient/{PATIENT}", "display": f"{MARK}-display"},
    "effectiveDateTime": "2026-06-01",
    "valueInteger": 2,
    "note": [{"text": f"{MARK}-note"}],
}
PERSON = {
    "resourceType": "Patient",
    "id": PATIENT,
    "identifier": [{"system": "urn:mrn", "value": f"{MARK}-mrn"}],
    "name": [{"family": f"{MARK}-family"}],
}
TYPES = ("Condition", "Flag", "CarePlan", "Observation", "Patient", "Provenance")
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [
        {
            "mode": "server",
            "resource": [
                {
                    "type": name,
                    "interaction": [{"code": code} for code in ("read", "create", "update", "search-type")],
                    "searchParam": [{"name": "patient"}, {"name": "code"}],
                    "updateCreate": True,
                }
                for name in TYPES
            ],
        }
    ],
}
FAULTS = ("error", "html", "cut-short", "no-patient", "write-refused")


class _Faulty(BaseHTTPRequestHandler):
    """A FHIR server whose every answer holds what must not be repeated; the fault is the first part of the path."""

    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: bytes, kind: str = "application/fhir+json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _bundle(self, *resources: dict[str, Any]) -> bytes:
        entries = [{"resource": one, "search": {"mode": "match"}} for one in resources]
        return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}).encode()

    def _refusal(self) -> bytes:
        issue = {"severity": "error", "code": "processing", "diagnostics": f"{MARK}-diagnostics"}
        return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()

    def do_GET(self) -> None:
        fault, _, rest = self.path.lstrip("/").partition("/fhir/")
        if rest == "metadata":
            self._answer(200, json.dumps(STATEMENT).encode())
        elif rest.startswith("Patient/"):
            self._answer(*((500, self._refusal()) if fault == "no-patient" else (200, json.dumps(PERSON).encode())))
        elif fault == "error":
            self._answer(500, self._refusal())
        elif fault == "html":
            self._answer(200, f"<html>{MARK}-page</html>".encode(), "text/html")
        elif fault == "cut-short":
            self._answer(200, self._bundle(OBSERVATION)[:-40])
        else:
            self._answer(200, self._bundle(*([OBSERVATION] if rest.startswith("Observation") else [])))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(422, self._refusal())

    do_PUT = do_POST

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


@contextmanager
def faulty() -> Iterator[str]:
    """Its address; the faults are below it."""
    with in_a_thread(_Faulty) as port:
        yield f"http://127.0.0.1:{port}"


def test_no_fault_of_a_server_lets_anything_of_a_patient_out() -> None:
    with faulty() as base:
        servers = {name: {"url": f"{base}/{name}/fhir", "write": True} for name in FAULTS}
        with serving(SERVERS=json.dumps(servers), LOG_LEVEL="debug") as served:
            answers = [
                httpx.request(
                    method,
                    f"{served.url}/fhir/Patient/{PATIENT}/$mood-immune-{operation}",
                    params={"server": name, **({"asOf": "2026-06-30"} if operation == "check" else {})},
                    headers=FHIR_JSON,
                    trust_env=False,
                    timeout=PATIENCE,
                )
                for name in FAULTS
                for method, operation in (("GET", "check"), ("POST", "write"))
            ]
            numbers = httpx.get(f"{served.url}/metrics", trust_env=False).text
            served.process.send_signal(signal.SIGTERM)
            _, log = served.process.communicate(timeout=PATIENCE)
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200] * 6 + [502, 502] + [200, 200]
    # Of an answer, the account is checked: resources in it are the caller's own patient.
    told = [json.dumps(answer.json()["entry"][-1]["resource"]) for answer in answers if answer.status_code == 200]
    told += [answer.text for answer in answers if answer.status_code != 200]
    for text in (*told, numbers, log.decode()):
        assert MARK not in text.replace(f"Patient/{PATIENT}", "").replace(f"Observation/{MARK}-observation", "")
    assert f"{MARK}" not in numbers + log.decode()
    assert b'"route"' in log


@pytest.mark.parametrize("authorization", ["known", "unknown"])
def test_no_notification_lets_anything_of_a_patient_out(
    sekmet: LocalServer, tmp_path: Path, authorization: str
) -> None:
    site = Site.of(sekmet.base, tmp_path)
    with serving("--port", str(site.port), **site.variables, LOG_LEVEL="debug") as served:
        made = site.call("main")
        assert made.code == 0, made.err
        listed = site.call("--list").out
        names = {word.rsplit("/", 1)[-1] for word in listed.split() if "-" in word or len(word) >= 20}
        assert names
        answers = []
        for name in names:
            secret = secret_of(_key(site), name) if authorization == "known" else "wrong"
            headers = FHIR_JSON | {"Authorization": f"Bearer {secret}"}
            url = f"{served.url}/subscriptions/{name}"
            address = f"{url}/Observation/{MARK}-observation"
            for body in (json.dumps(OBSERVATION), json.dumps(OBSERVATION)[:-9], json.dumps({MARK: MARK})):
                answers.append(httpx.post(url, content=body, headers=headers, trust_env=False))
                answers.append(httpx.put(address, content=body, headers=headers, trust_env=False))
            answers.append(httpx.delete(address, headers=headers, trust_env=False))
        numbers = httpx.get(f"{served.url}/metrics", trust_env=False).text
        served.process.send_signal(signal.SIGTERM)
        _, log = served.process.communicate(timeout=PATIENCE)
    taken = {answer.status_code for answer in answers}
    assert taken >= ({200, 400} if authorization == "known" else {401})
    for text in (*(answer.text for answer in answers), numbers, log.decode()):
        assert MARK not in text


def _key(site: Site) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in site.variables.items():
            patch.setenv(f"MOODMARKER_{name}", value)
        return load_settings().service_key
