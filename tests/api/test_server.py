"""Does the real server start, refuse, share its work, and end without losing a request?"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.api.asking import CHECK, FHIR
from tests.api.serving import PATIENCE, Served, fetch, serving, serving_traced, traced_environment


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A server that the tests of this file share, with default settings."""
    with serving() as running:
        yield running


def test_answers_over_a_socket_and_ends_with_zero(body: bytes) -> None:
    with serving_traced() as served:
        answered = httpx.post(served.url + CHECK, content=body, headers=FHIR, timeout=PATIENCE)
        assert answered.status_code == 200
        assert "server" not in answered.headers
        assert served.wait_for("request")["route"] == CHECK
        assert served.end() == 0


def test_a_request_that_has_begun_is_answered_after_sigterm(body: bytes) -> None:
    with serving() as served, served.connect() as connection:
        head = f"POST {CHECK} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:100])
        served.wait_for("Application startup complete.")
        time.sleep(0.5)
        served.process.send_signal(signal.SIGTERM)
        served.wait_for("Shutting down")
        with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as the system has it
            served.connect().close()
        connection.sendall(body[100:])
        received = b""
        while piece := connection.recv(65536):
            received += piece
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")
        assert received.endswith(b"}")
        assert served.process.wait(PATIENCE) == 0


def test_what_is_not_http_is_refused(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        refused = connection.recv(65536)
        assert refused.startswith(b"HTTP/1.1 400 ")
        assert b"OperationOutcome" in refused


def test_an_address_and_headers_are_limited(served: Served) -> None:
    for target, header, status in ((b"x" * 70_000, b"", b"431"), (b"", b"x" * 200_000, b"431"), (b"", b"x", b"404")):
        with served.connect() as connection:
            connection.sendall(b"GET /" + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + header + b"\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 " + status), status


def test_workers_share_the_work_and_the_numbers(body: bytes) -> None:
    with serving_traced("--workers", "2") as served:
        for _ in range(2):
            served.wait_for("Application startup complete.")
        for _ in range(6):
            assert httpx.post(served.url + CHECK, content=body, headers=FHIR).status_code == 200
        numbers = fetch(f"{served.url}/metrics").text
        counted = f'moodmarker_requests_total{{method="POST",route="{CHECK}",status="200"}} 6.0'
        assert counted in numbers
        assert "moodmarker_checks_in_flight 0.0" in numbers
        assert served.end() == 0


@pytest.mark.slow
def test_a_worker_that_died_is_replaced() -> None:
    with serving("--workers", "2") as served:
        for _ in range(2):
            served.wait_for("Application startup complete.")
        os.kill(served.workers[0], signal.SIGKILL)
        served.wait_for("Application startup complete.")
        assert fetch(f"{served.url}/health/ready").status_code == 200


def test_a_setting_that_is_not_safe_is_refused() -> None:
    command = [sys.executable, "-m", "service.cli", "serve", "--host", "0.0.0.0"]  # noqa: S104
    refused = subprocess.run(command, capture_output=True, text=True, env=traced_environment(), timeout=PATIENCE)
    assert refused.returncode == 2
    assert "MOODMARKER_ALLOW_UNAUTHENTICATED" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_listens_to_others_when_told_to_on_purpose() -> None:
    with serving("--host", "0.0.0.0", ALLOW_UNAUTHENTICATED="true") as served:  # noqa: S104
        assert fetch(f"{served.url}/health/ready").status_code == 200
        assert fetch(f"{served.url}/metrics").status_code == 404


def test_a_port_that_is_taken_is_told(served: Served) -> None:
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(served.port)]
    refused = subprocess.run(command, capture_output=True, text=True, env=traced_environment(), timeout=PATIENCE)
    assert refused.returncode == 2
    assert f"port {served.port}" in refused.stderr
