"""The servers that are compared, each one worker in a process of its own.

As a program: `python -m benchmarks.servers product|validating FILE`; FILE holds the echo's fixed answer.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import uvicorn
from fastapi import FastAPI
from fhir.resources.R4B.bundle import Bundle
from starlette.requests import Request
from starlette.responses import Response

from service.api.application import create_app
from service.api.body import BodyLimits, read_body
from service.api.edge import Edge
from service.api.exchange import exchange_of
from service.api.garbage import settle_garbage_collector
from service.api.responses import FhirResponse
from service.api.serving import server_config
from service.assessment import Context
from service.settings import load_settings
from service.telemetry import configure_logging

ECHO_PATH = "/benchmark/echo"
VALIDATE_PATH = "/validate"
ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0


def product(answer: bytes) -> Edge:
    """The service as it is, and on the same stack a route that reads the body and sends a fixed answer."""
    settings = load_settings()
    configure_logging(settings.log_level)
    edge = create_app(settings, Context.load(settings))
    limits = BodyLimits.of(settings)

    async def echo(request: Request) -> Response:
        await read_body(request.receive, exchange_of(request.scope).headers, limits)
        return FhirResponse(answer)

    assert isinstance(edge.app, FastAPI)
    edge.app.add_api_route(ECHO_PATH, echo, methods=["POST"], include_in_schema=False)
    return edge


def validating(answer: bytes) -> FastAPI:
    """What a service costs that validates the whole Bundle first, before it does anything with it."""
    app = FastAPI(openapi_url=None)

    async def validate(request: Request) -> Response:
        received = orjson.loads(await request.body())
        Bundle.model_validate(received["parameter"][1]["resource"])
        return Response(answer, media_type="application/fhir+json")

    app.add_api_route(VALIDATE_PATH, validate, methods=["POST"])
    settle_garbage_collector()
    return app


@contextmanager
def running(kind: str, answer: Path, **variables: str) -> Iterator[int]:
    """A server in a process of its own, on a free port; its log goes to a file, as a site's would.

    `variables` are settings of this server alone.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        **os.environ,
        "MOODMARKER_PORT": str(port),
        "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT)),
        **{f"MOODMARKER_{name}": value for name, value in variables.items()},
    }
    command = [sys.executable, "-m", "benchmarks.servers", kind, str(answer)]
    told = answer.with_name(f"{kind}-{port}.log")
    with told.open("wb") as log:
        server = subprocess.Popen(command, env=environment, cwd=ROOT, stderr=log)
        try:
            _wait_for(port, server, told)
            yield port
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _wait_for(port: int, server: subprocess.Popen[bytes], told: Path) -> None:
    for _ in range(int(PATIENCE * 10)):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended before it was ready:\n{told.read_text()[-2000:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server was not ready in time")


def main(kind: str, answer: bytes) -> None:
    """Runs one of the servers until it is told to end."""
    app = product(answer) if kind == "product" else validating(answer)
    uvicorn.Server(server_config(load_settings(), app)).run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).read_bytes())
