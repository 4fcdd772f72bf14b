"""A FHIR server in this process that can be made to lose, repeat and refuse; what it was asked is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx
import respx

from tests.subscriptions.notices import BASE, TOPIC, notification

Json = dict[str, Any]
_TYPES = ("Condition", "Encounter", "Flag", "Observation")


class FhirServer:
    """Answers what the subscriptions ask of a server; `refuses` maps starts of addresses to a status."""

    def __init__(self) -> None:
        self.resources: dict[str, Json] = {}
        self.history: dict[str, list[Json]] = {}
        self.changed: dict[str, list[Json]] = {}
        self.next_page: dict[str, str] = {}
        self.events: list[Json] = []
        self.asked: list[str] = []
        self.written: list[tuple[str, Json]] = []
        self.refuses: dict[str, int] = {}
        self.operations: tuple[str, ...] = ("status", "events")
        self.interactions: tuple[str, ...] = ("create", "read", "search-type")
        self.search_parameters: tuple[str, ...] = ("url",)
        self.topics: tuple[str, ...] = ()
        self.takes_ids = True
        self.status, self.counter = "active", 0

    def subscription(self, name: str, criteria: str = TOPIC, **more: Any) -> Json:
        """Has a Subscription under an id."""
        one = {"resourceType": "Subscription", "id": name, "status": self.status, "criteria": criteria} | more
        self.resources[f"Subscription/{name}"] = one
        return one

    def asked_for(self, start: str) -> list[str]:
        """The requests whose method and address begin so."""
        return [one for one in self.asked if one.startswith(start)]

    def answer(self, request: httpx.Request) -> httpx.Response:
        address = str(request.url).removeprefix(f"{BASE}/")
        self.asked.append(f"{request.method} {address}")
        for start, status in self.refuses.items():
            if f"{request.method} {address}".startswith(start):
                return _told({"resourceType": "OperationOutcome"}, status)
        path, _, query = address.partition("?")
        return self._written(request, path) if request.method != "GET" else self._read(path, query)

    def _written(self, request: httpx.Request, path: str) -> httpx.Response:
        if request.method == "DELETE":
            return _told({}, 204 if self.resources.pop(path, None) else 404)
        sent = json.loads(request.content)
        self.written.append((f"{request.method} {path}", sent))
        name = path.partition("/")[2] or f"own-{len(self.written)}"
        self.resources[f"{path.partition('/')[0]}/{name}"] = sent | {"id": name}
        return _told(sent | {"id": name}, 201)

    def _read(self, path: str, query: str) -> httpx.Response:
        if path == "metadata":
            return _told(self._statement())
        if path.endswith("/$status"):
            told = notification("query-status", counter=self.counter, status=self.status)
            return _told(json.loads(told) | {"type": "searchset"})
        if path.endswith("/$events"):
            asked = {name: int(value[0]) for name, value in parse_qs(query).items() if name.startswith("events")}
            known = range(asked["eventsSinceNumber"], asked["eventsUntilNumber"] + 1)
            found = [one for one in self.events if int(one["part"][0]["valueString"]) in known]
            return _told(json.loads(notification("query-event", *found, counter=self.counter)))
        if path.endswith("/_history"):
            return _found(self.history.get(path.removesuffix("/_history"), []), self.next_page.get(path, ""))
        if path in self.resources:
            return _told(self.resources[path])
        if "/" in path:
            return _told({"resourceType": "OperationOutcome"}, 410 if path in self.history else 404)
        if path == "Subscription":
            return _found([one for address, one in self.resources.items() if address.startswith("Subscription/")])
        return _found(self.changed.get(path, []), self.next_page.get(path, ""))

    def _statement(self) -> Json:
        read = [{"code": "read"}, {"code": "search-type"}]
        searched = [{"name": "patient"}, {"name": "code"}]
        resources: list[Json] = [{"type": kind, "interaction": read, "searchParam": searched} for kind in _TYPES]
        topic = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
        own = {
            "type": "Subscription",
            "interaction": [{"code": one} for one in self.interactions],
            "searchParam": [{"name": one} for one in self.search_parameters],
            "operation": [{"name": f"${one}"} for one in self.operations],
            "updateCreate": self.takes_ids,
            "extension": [
                {"url": f"{topic}/capabilitystatement-subscriptiontopic-canonical", "valueCanonical": one}
                for one in self.topics
            ],
        }
        rest = [{"mode": "server", "resource": [*resources, own]}]
        return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}


def _found(resources: list[Json], following: str = "") -> httpx.Response:
    found: Json = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}
    return _told(found | ({"link": [{"relation": "next", "url": f"{BASE}/{following}"}]} if following else {}))


def _told(document: Json, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(document), headers={"Content-Type": "application/fhir+json"})


@contextmanager
def answering() -> Iterator[FhirServer]:
    """The server, reached by whoever asks its base in this process."""
    server = FhirServer()
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=BASE).mock(side_effect=server.answer)
        yield server
