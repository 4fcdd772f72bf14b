"""Is every request that was taken in answered, when the service is told to end while it is under load?"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from benchmarks.bundle import request
from tests.evidence import note
from tests.faults.clients import Asked, Callers
from tests.faults.processes import Replica, replica

CHECK = "/fhir/$mood-immune-check"
TEST = "tests/faults/test_ending.py::test_no_request_that_was_taken_in_is_lost_when_it_is_told_to_end"
BODY = request()
LEAST_ANSWERED = 50


async def _end_in_mid_load(served: Replica) -> list[Asked]:
    callers = Callers(served.port, CHECK, lambda _number: BODY)
    running = asyncio.create_task(callers.run())
    while sum(one.is_answered for one in callers.asked) < LEAST_ANSWERED:
        await asyncio.sleep(0.05)
    served.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(served.process.wait, 60) == 0
    callers.stopped = True
    await running
    return callers.asked


@pytest.mark.faults
@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_that_was_taken_in_is_lost_when_it_is_told_to_end(tmp_path: Path, workers: int) -> None:
    with replica(tmp_path / "log", "--workers", str(workers)) as served:
        asked = asyncio.run(_end_in_mid_load(served))
        lines = served.lines
    answered = {one.request_id for one in asked if one.is_answered}
    assert {one.status for one in asked if one.is_answered} == {200}
    # Whatever was read to its last byte has a line; it went to the caller, and whole.
    assert {line["request_id"] for line in lines if line["event"] == "request"} == answered
    assert not [one for one in asked if not one.is_answered and one.received]
    # A request that is given up at the end is told as an error.
    assert not [line for line in lines if line["level"] in {"warning", "error"} or line.get("status", 200) != 200]
    note(f"Told to end in mid-load, workers: {workers}", f"{len(answered)} answered, 0 requests lost", TEST)
