"""Does the local stack start, and does every line that it prints do what is said above it?"""

from __future__ import annotations

import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from service.cli.local_patients import PATIENTS
from tests.server.sekmet import PATIENCE, PROGRAM

HEADINGS = (
    "Bring the data",
    "Let the service fetch",
    "Let it write",
    "Open the patient's chart",
    "A new result",
    "Read the flags",
)


class Stack(NamedTuple):
    """The running stack and the lines for the shell that it printed, by the heading above each."""

    process: subprocess.Popen[str]
    lines: dict[str, str]
    ports: tuple[int, int]

    def run(self, heading: str) -> httpx.Response:
        """What the line under a heading does when it is put into a shell."""
        line = next(line for told, line in self.lines.items() if told.startswith(heading))
        return sent(line)


def sent(line: str) -> httpx.Response:
    """Sends what curl would send."""
    words = iter(shlex.split(line))
    assert (next(words), next(words)) == ("curl", "-s")
    method, url, headers, body = "GET", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word.startswith("--data"):
            data, method = next(words), "POST"
            body = Path(data[1:]).read_bytes() if data.startswith("@") else data.encode()
        else:
            url = word
    return httpx.request(method, url, headers=headers, content=body, trust_env=False, timeout=PATIENCE)


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    ports = free_ports()
    command = [sys.executable, "-m", "service.cli", "stack", str(PROGRAM)]
    command += ["--port", str(ports[0]), "--fhir-port", str(ports[1])]
    # A suite that runs in a shell's background is deaf to the signal, and so would be what it starts.
    heard = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=heard)
    assert process.stdout is not None
    lines: dict[str, str] = {}
    before = ""
    for line in process.stdout:
        if line.startswith("curl"):
            lines[before] = line
        before = line
        if line.startswith("Ctrl-C"):
            break
    try:
        yield Stack(process, lines, ports)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        process.stdout.close()


def resources(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", ())]


def rules(answer: httpx.Response) -> set[str]:
    return {one["code"]["coding"][0]["code"] for one in resources(answer) if one["resourceType"] == "Flag"}


def topics(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {card["source"]["topic"]["code"] for card in answer.json()["cards"]}


def test_a_line_for_each_way_in_is_printed(stack: Stack) -> None:
    assert [any(told.startswith(heading) for told in stack.lines) for heading in HEADINGS] == [True] * len(HEADINGS)
    assert len(stack.lines) == len(HEADINGS)


def test_data_can_be_brought_along(stack: Stack) -> None:
    assert "depression-with-low-grade-inflammation" in rules(stack.run("Bring the data"))


def test_a_patient_is_fetched(stack: Stack) -> None:
    assert "mood-worsening-near-relapse" in rules(stack.run("Let the service fetch"))


def test_a_hook_shows_cards(stack: Stack) -> None:
    assert "mood-worsening-near-relapse" in topics(stack.run("Open the patient's chart"))


def test_flags_are_written_and_a_new_result_adds_to_them(stack: Stack) -> None:
    written = stack.run("Let it write")
    assert rules(written) == rules(stack.run("Read the flags")) >= {"mood-worsening-near-relapse"}
    assert "suicidality-recorded" not in rules(written)
    # Who tries the hook once the flags are there sees a card all the same.
    assert "mood-worsening-near-relapse" in topics(stack.run("Open the patient's chart"))
    assert stack.run("A new result").status_code == 201
    ends = time.monotonic() + PATIENCE
    while "suicidality-recorded" not in (found := rules(stack.run("Read the flags"))):
        assert time.monotonic() < ends, found
        time.sleep(0.2)


def test_every_patient_is_there(stack: Stack) -> None:
    base = f"http://127.0.0.1:{stack.ports[1]}/fhir"
    stored = [httpx.get(f"{base}/Patient/{one.patient}", trust_env=False).status_code for one in PATIENTS]
    assert stored == [200] * 6


def test_interrupting_it_ends_both_servers(stack: Stack) -> None:
    """The last of this file: afterwards nothing runs."""
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(PATIENCE) == 0
    for port in stack.ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_missing_fhir_server_is_told() -> None:
    command = [sys.executable, "-m", "service.cli", "stack", "no-such-program"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert "there is no no-such-program; `make stack` installs it" in ended.stderr
