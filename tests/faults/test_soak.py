"""Does the service hold its answers and its memory under minutes of valid and hostile load?"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from benchmarks.bundle import AS_OF, request
from tests.evidence import note
from tests.faults.corpus import MEBIBYTE, corpus
from tests.faults.memory import ALLOCATOR, resident
from tests.faults.processes import replica

CHECK = "/fhir/$mood-immune-check"
HOOK = "/cds-services/mood-immune"
TEST = "tests/faults/test_soak.py::test_answers_and_memory_hold_under_valid_and_hostile_load"
SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
SHARE_OF_MAXIMUM = 0.7
CONNECTIONS = 16
# One in five is hostile, and none of those is so large that sending it is the load.
ONE_IN = 5
LARGEST = 64 * 1024


class Call(NamedTuple):
    """A request, and whether its answer is known."""

    path: str
    body: bytes
    headers: dict[str, str]
    valid: bool


class Soak:
    """What is sent at an even rate, and what came of it."""

    def __init__(self, client: httpx.AsyncClient, expected: bytes, process: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.hostile: Counter[int] = Counter()
        self.broken = 0
        self.memory: list[tuple[float, int]] = []
        self.late: list[float] = []
        self._client = client
        self._expected = expected
        self._process = process
        self._began = time.monotonic()
        self._free = asyncio.Semaphore(CONNECTIONS)

    async def run(self, rate: float) -> None:
        """Sends for as long as a soak lasts."""
        calls, sent = _calls(), []
        self._began = time.monotonic()
        for number in range(int(rate * SECONDS)):
            due = self._began + number / rate
            await asyncio.sleep(max(due - time.monotonic(), 0))
            if number % max(int(rate), 1) == 0:
                self.memory.append((time.monotonic() - self._began, resident(self._process)))
            sent.append(asyncio.create_task(self._send(next(calls), due)))
            if len(sent) > 10 * CONNECTIONS:
                sent = [one for one in sent if not one.done()]
        await asyncio.gather(*sent)

    async def _send(self, call: Call, due: float) -> None:
        async with self._free:
            answer = await self._client.post(call.path, content=call.body, headers=call.headers)
        if not call.valid:
            self.hostile[answer.status_code] += 1
            return
        self.statuses[answer.status_code] += 1
        self.late.append(time.monotonic() - due)
        if answer.status_code == 200 and answer.content != self._expected:
            self.broken += 1


def _calls() -> itertools.cycle[Call]:
    good = Call(CHECK, request(), {"Content-Type": "application/fhir+json"}, valid=True)
    mixed: list[Call] = []
    for number, one in enumerate(one for one in corpus() if len(one.body) <= LARGEST):
        path, kind = ((CHECK, "application/fhir+json"), (HOOK, "application/json"))[number % 2]
        mixed += [good] * (ONE_IN - 1) + [Call(path, one.body, {"Content-Type": kind, **one.headers}, valid=False)]
    return itertools.cycle(mixed)


async def _maximum(client: httpx.AsyncClient, seconds: float = 6.0) -> float:
    """How many of the same calls a second are answered when each connection sends one after another."""
    calls, ends, answered = _calls(), time.monotonic() + seconds, 0

    async def ask() -> None:
        nonlocal answered
        while time.monotonic() < ends:
            call = next(calls)
            await client.post(call.path, content=call.body, headers=call.headers)
            answered += 1

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return answered / seconds


async def _soaked(url: str, process: int) -> tuple[Soak, float]:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, limits=limits) as client:
        headers = {"Content-Type": "application/fhir+json"}
        expected = (await client.post(CHECK, content=request(), headers=headers)).content
        rate = SHARE_OF_MAXIMUM * await _maximum(client)
        soak = Soak(client, expected, process)
        await soak.run(rate)
        return soak, rate


@pytest.mark.soak
def test_answers_and_memory_hold_under_valid_and_hostile_load(tmp_path: Path) -> None:
    assert AS_OF.isoformat().encode() in request()
    with replica(tmp_path / "log", settings={"RATE_PER_SECOND": "0"}, variables=ALLOCATOR) as served:
        soak, rate = asyncio.run(_soaked(served.url, served.process.pid))
        assert served.end() == 0
        failed = [line for line in served.lines if line["event"] == "failed"]
    faults = {status: count for status, count in (soak.statuses + soak.hostile).items() if status >= 500}
    assert failed == []
    assert faults.keys() <= {503}
    assert soak.broken == 0
    assert soak.statuses[200] > 0.99 * soak.statuses.total()
    held = [size for at, size in soak.memory if at > SECONDS / 3]
    half = len(held) // 2
    grown = statistics.median(held[half:]) - statistics.median(held[:half])
    assert grown < 8 * MEBIBYTE
    late = statistics.quantiles(soak.late, n=100)[98]
    note(
        f"Soak of {SECONDS:g} seconds at {SHARE_OF_MAXIMUM:.0%} of the maximum rate, one call in {ONE_IN} hostile",
        f"{soak.statuses.total() + soak.hostile.total()} calls, {rate:.0f} a second; {faults.get(503, 0)} told to come "
        f"again (503), other faults 0; 99 of 100 valid ones within {late * 1000:.0f} ms; memory {grown / MEBIBYTE:+.1f} "
        f"MiB between the last two thirds",
        TEST,
    )
