"""A server of key sets on loopback, as a client of CDS Hooks runs one; it counts who asks for what."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.in_a_thread import in_a_thread


class KeyServer:
    """What is served under each path, and how often it was asked for."""

    def __init__(self, port: int, scheme: str = "http") -> None:
        self.origin = f"{scheme}://127.0.0.1:{port}"
        self.served: dict[str, Any] = {}
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.delay = 0.0

    def reset(self) -> None:
        self.served.clear()
        self.asked.clear()
        self.headers.clear()
        self.delay = 0.0

    def serve(self, path: str, served: Any) -> str:
        """Serves a key set, or a response as it is; returns where."""
        self.served[path] = served
        return self.url(path)

    def url(self, path: str) -> str:
        return f"{self.origin}/{path}"

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.asked[path] += 1
        self.headers.append(dict(request.headers))
        if self.delay:
            await asyncio.sleep(self.delay)
        served = self.served.get(path)
        if isinstance(served, Response):
            return served
        return Response(status_code=404) if served is None else JSONResponse(served)


def running(certificate: Path | None = None) -> AbstractContextManager[KeyServer]:
    """The server in a thread, on a free port; with TLS where it has a file of key and certificate."""
    scheme = "http" if certificate is None else "https"
    return in_a_thread(lambda port: KeyServer(port, scheme), ssl_certfile=certificate, ssl_keyfile=certificate)
