"""Asking an application without a socket, by a client that waits for each answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from starlette.types import ASGIApp


class InProcess(httpx.BaseTransport):
    """Runs the application for each request, as a caller from this machine."""

    def __init__(self, app: ASGIApp, runner: asyncio.Runner) -> None:
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=("127.0.0.1", 50000))
        self._runner = runner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._runner.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        response = await self._transport.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        content = b"".join([part async for part in response.stream])
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(content))


@contextmanager
def asking(app: ASGIApp) -> Iterator[httpx.Client]:
    """A client of the application."""
    with asyncio.Runner() as runner, httpx.Client(transport=InProcess(app, runner)) as client:
        yield client
