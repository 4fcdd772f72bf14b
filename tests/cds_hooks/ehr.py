"""A small FHIR server on loopback that has one patient, and can be told to be slow, to refuse, and to give pages."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AbstractContextManager
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.cds_hooks.blackbox.patient import Json, answer_to
from tests.cds_hooks.hooks import searchset
from tests.in_a_thread import in_a_thread


class Ehr:
    """What the server has, how it behaves, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}/fhir"
        self.reset()

    def reset(self) -> None:
        self.resources: list[Json] = []
        self.asked: Counter[str] = Counter()
        self.tokens: set[str] = set()
        self.faults: dict[str, Response] = {}
        self.page_size = 1000
        self.delays: dict[str, float] = {}

    @property
    def app(self) -> Starlette:
        routes = [
            Route("/fhir/metadata", self._capabilities),
            Route("/fhir/{kind}/_search", self._search, methods=["POST"]),
            Route("/fhir/{kind}/{id}", self._read),
            Route("/fhir/{kind}", self._search),
        ]
        return Starlette(routes=routes)

    async def _capabilities(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "resourceType": "CapabilityStatement",
                "fhirVersion": "4.0.1",
                "format": ["json"],
                "rest": [{"mode": "server"}],
            }
        )

    async def _noted(self, request: Request) -> Response | None:
        kind = str(request.path_params["kind"])
        self.asked[kind] += 1
        self.tokens.add(request.headers.get("authorization", ""))
        await asyncio.sleep(self.delays.get(kind, 0))
        return self.faults.get(kind)

    async def _read(self, request: Request) -> Response:
        fault = await self._noted(request)
        found = answer_to("{kind}/{id}".format(**request.path_params), self.resources)
        return fault or (JSONResponse(found) if found else Response(status_code=404))

    async def _search(self, request: Request) -> Response:
        fault = await self._noted(request)
        if fault:
            return fault
        form = request.query_params if request.method == "GET" else await request.form()
        sent = {name: str(value) for name, value in form.items()}
        start = int(sent.pop("start", "0"))
        found = answer_to(f"{request.path_params['kind']}?{urlencode(sent)}", self.resources)
        entries = [entry["resource"] for entry in (found or {}).get("entry", [])]
        page = searchset(entries[start : start + self.page_size])
        if start + self.page_size < len(entries):
            page["link"] = [
                {"relation": "next", "url": self.page(request.path_params["kind"], start + self.page_size, sent)}
            ]
        return JSONResponse(page)

    def page(self, kind: str, start: int, sent: dict[str, str]) -> str:
        """The address of a later page."""
        return f"{self.base}/{kind}?{urlencode({**sent, 'start': start})}"


def running() -> AbstractContextManager[Ehr]:
    """The server in a thread, on a free port."""
    return in_a_thread(Ehr)
