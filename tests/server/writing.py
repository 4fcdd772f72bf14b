"""Made-up patients to write for, and writes of this process to a real server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from service.assessment import CheckOptions, Context, Leases, Servers, Turns, Written, assess_and_write
from service.assessment.recording import NOT_RECORDED
from service.assessment.servers import Opened
from service.security.sockets import public_authorities
from service.settings import Settings
from tests.server.local_server import LocalServer

AS_OF = "2026-06-30"
LATER = "2026-07-20"
MUCH_LATER = "2027-06-30"
MADE_UP = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
INFLAMMATION = "depression-with-low-grade-inflammation"
OURS = "https://moodmarker.org/fhir/sid/flag"
CONTEXT = Context.load(Settings.model_construct())
# How one Flag is stored once, by what a server can do.
WAYS: dict[str, dict[str, Any]] = {
    "under an id of ours": {},
    "with If-None-Exist": {"update_create": False},
    "after a search": {"update_create": False, "conditional_create": False},
}


def observed(patient: str, name: str, code: str, value: float, day: str, unit: str = "{score}") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{patient}-{name}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }


def low_mood(patient: str) -> list[dict[str, Any]]:
    """A PHQ-9 that rose to 14, and a CRP of 5.1 mg/L beside it."""
    return [
        {"resourceType": "Patient", "id": patient, "birthDate": "1980-01-01", "meta": {"security": [MADE_UP]}},
        observed(patient, "before", "44261-6", 6, "2026-04-01"),
        observed(patient, "now", "44261-6", 14, "2026-06-20"),
        observed(patient, "crp", "30522-7", 5.1, "2026-06-18", "mg/L"),
    ]


def crp_is_low(patient: str) -> dict[str, Any]:
    """What clears it."""
    return observed(patient, "crp-later", "30522-7", 0.8, "2026-07-15", "mg/L")


def stored(sekmet: LocalServer, kind: str, patient: str) -> list[dict[str, Any]]:
    """What the server holds of a patient."""
    found = sekmet.client.get(f"{sekmet.base}/{kind}", params={"patient": f"Patient/{patient}", "_count": 100}).json()
    return [entry["resource"] for entry in found.get("entry", ())]


def provenance_of(sekmet: LocalServer, reference: str) -> list[dict[str, Any]]:
    """What vouches for a resource."""
    found = sekmet.client.get(f"{sekmet.base}/Provenance", params={"target": reference}).json()
    return [entry["resource"] for entry in found.get("entry", ())]


def told(body: bytes | dict[str, Any]) -> dict[str, list[str]]:
    """The issues about writing: their texts by code."""
    answer = json.loads(body) if isinstance(body, bytes) else body
    found: dict[str, list[str]] = {}
    for issue in answer["entry"][-1]["resource"]["issue"]:
        for coding in issue["details"].get("coding", ()):
            if coding["code"].startswith("write-"):
                found.setdefault(coding["code"], []).append(issue["details"]["text"])
    return found


class Fault(NamedTuple):
    """What becomes of the next request of a method to a path below the base (a regular expression).

    `before` is done first. Then the request is sent on, unless `answer` is there instead; `lost` breaks the connection
    after that.
    """

    method: str
    path: str
    answer: httpx.Response | Exception | None = None
    lost: bool = False
    before: Callable[[], object] = lambda: None


def _unread(answer: httpx.Response) -> httpx.Response:
    """The same as it comes from a socket: one that was made with its content counts as read."""
    return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


class _Way(httpx.AsyncBaseTransport):
    """The way to the server, with faults in it; each befalls one request."""

    def __init__(self, base: str, faults: list[Fault]) -> None:
        self._base = base
        self._faults = faults
        self._inner = httpx.AsyncHTTPTransport(verify=public_authorities())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = next((one for one in self._faults if self._befalls(one, request)), None)
        if fault is None:
            return await self._inner.handle_async_request(request)
        self._faults.remove(fault)
        await asyncio.to_thread(fault.before)
        if isinstance(fault.answer, Exception):
            raise fault.answer
        answer = await self._inner.handle_async_request(request) if fault.answer is None else _unread(fault.answer)
        if fault.lost:
            await answer.aread()
            raise httpx.ReadError("the connection broke")
        return answer

    def _befalls(self, fault: Fault, request: httpx.Request) -> bool:
        path = str(request.url).removeprefix(self._base).lstrip("/")
        return request.method == fault.method and re.match(fault.path, path) is not None

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counting(Servers):
    opened: Opened

    def put_on(self, way: _Way) -> None:
        self._clients["main"] = httpx.AsyncClient(transport=way, timeout=30)

    async def open(self, name: str) -> Opened:
        self.opened = await super().open(name)
        return self.opened


class Writer:
    """A process of its own, as far as the server can tell."""

    def __init__(self, base: str, leases: Leases | None = None, **server: Any) -> None:
        """`server` are settings of the FHIR server; `faults` befall its next write."""
        self.faults: list[Fault] = []
        self._base = base
        self._settings = Settings.model_validate({"servers": {"main": {"url": base, "write": True, **server}}})
        self._leases = leases
        self.requests = 0
        self.recording = NOT_RECORDED

    async def write(self, patient: str, as_of: str = AS_OF) -> Written:
        """What is written on a day, as of that day."""
        servers = _Counting(self._settings, CONTEXT)
        servers.put_on(_Way(self._base, self.faults))
        turns = Turns(self._settings.deadline_seconds, self._leases)
        options = CheckOptions({"asOf": (as_of,)})
        now = datetime.fromisoformat(f"{as_of}T12:00:00").replace(tzinfo=UTC)
        try:
            written = await assess_and_write(
                patient, b"", options, CONTEXT, servers, turns, now, recording=self.recording
            )
            self.requests = servers.opened.connection.requests
        finally:
            await servers.close()
        return written

    def __call__(self, patient: str, as_of: str = AS_OF) -> Written:
        return asyncio.run(self.write(patient, as_of))


class Shelf:
    """Leases as processes share them, without the processes."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.waits = 0

    async def take_lease(self, name: str, holder: str, seconds: float) -> bool:
        taken = self.held.setdefault(name, holder) == holder
        self.waits += not taken
        return taken

    async def release_lease(self, name: str, holder: str) -> None:
        if self.held.get(name) == holder:
            del self.held[name]
