"""Do all workers change to new rules at one moment, and nobody is turned away meanwhile?"""

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.api.serving import PATIENCE, Served, fetch, serving, serving_traced
from tests.evidence import note

CHECK = "/fhir/$mood-immune-check"
BODY = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": []})
_DIGEST = re.compile(r'"digest",\s*"valueString":\s*"([0-9a-f]{16})"')
FIRST = 'shadow = ["crp-unreadable"]\n'
SECOND = 'off = ["mood-screening-overdue"]\nlow_crp_limit = 2.5\n'
HERE = "tests/api/test_switching_rules.py"


class Log:
    """What a server writes, read all the time so that it never waits for a reader."""

    def __init__(self, served: Served) -> None:
        self.lines: list[dict[str, Any]] = []
        self._served, self._more = served, threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._served._lines():
            with self._more:
                self.lines.append(line)
                self._more.notify_all()

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    def wait_for(self, event: str, times: int = 1) -> dict[str, Any]:
        """The line of this event that is so many in number."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.of(event)) >= times, PATIENCE), f"no {event!r} was logged"
        return self.of(event)[times - 1]


class Asked(NamedTuple):
    """One request: when it began and when its answer was there, and by which rules it was answered."""

    began: float
    ended: float
    status: int
    digest: str


class Load:
    """Clients that ask all the time: some keep their connection, some make a new one each time."""

    def __init__(self, url: str, keeping: int = 4, connecting: int = 2) -> None:
        self.asked: list[Asked] = []
        self.failures: list[str] = []
        self._url, self._over = url, threading.Event()
        self._threads = [threading.Thread(target=self._keep_asking) for _ in range(keeping)]
        self._threads += [threading.Thread(target=self._ask_anew) for _ in range(connecting)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _keep_asking(self) -> None:
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            while not self._over.is_set():
                self._ask(client)

    def _ask_anew(self) -> None:
        while not self._over.is_set():
            with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
                self._ask(client)

    def _ask(self, client: httpx.Client) -> None:
        began = time.monotonic()
        try:
            answer = client.post(f"{self._url}{CHECK}", content=BODY, headers={"Content-Type": "application/fhir+json"})
        except httpx.HTTPError as error:
            self.failures.append(type(error).__name__)
            return
        found = _DIGEST.search(answer.text)
        self.asked.append(Asked(began, time.monotonic(), answer.status_code, found[1] if found else ""))

    def longest_pause(self, after: float) -> float:
        """The longest time without any answer since then."""
        ends = sorted(one.ended for one in self.asked if one.ended >= after)
        return max(later - earlier for earlier, later in pairwise(ends))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.toml"
    file.write_text(FIRST)
    return file


@contextmanager
def _served(rules: Path, workers: int, start: Callable[..., Any] = serving) -> Iterator[tuple[Served, Log]]:
    with start(SITE_RULES=str(rules), WORKERS=str(workers)) as served:
        log = Log(served)
        _ready(served)
        yield served, log


def _ready(served: Served) -> dict[str, Any]:
    return dict(fetch(f"{served.url}/health/ready").json()["ruleSet"])


def _reload(served: Served) -> None:
    served.process.send_signal(signal.SIGHUP)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_every_answer_of_one_moment_is_of_one_rule_set_and_no_request_fails(rules: Path, workers: int) -> None:
    with _served(rules, workers) as (served, log), Load(served.url) as load:
        old = _ready(served)["digest"]
        time.sleep(1)
        told = time.monotonic()
        rules.write_text(SECOND)
        _reload(served)
        switched = log.wait_for("rules switched")
        time.sleep(1)
    new = switched["digest"]
    assert (switched["before"], switched["off"]) == (
        old,
        ["mood-screening-in-immune-disease", "mood-screening-overdue"],
    )
    assert load.failures == []
    assert {one.status for one in load.asked} == {200}
    assert {one.digest for one in load.asked} == {old, new}
    first_new = min(one.ended for one in load.asked if one.digest == new)
    assert [one for one in load.asked if one.began > first_new and one.digest == old] == []
    last_old = max(one.ended for one in load.asked if one.digest == old)
    assert last_old < first_new
    pause = load.longest_pause(told)
    assert pause < 2
    during = sum(told <= one.ended for one in load.asked)
    note(
        f"Rules switched under load, {workers} worker{'s' * (workers > 1)}",
        f"{len(load.asked)} requests, 0 failed, {during} answered since SIGHUP, longest pause {pause * 1000:.0f} ms",
        f"{HERE}::test_every_answer_of_one_moment_is_of_one_rule_set_and_no_request_fails",
    )


@pytest.mark.slow
def test_a_file_that_is_edited_reaches_nobody_until_it_is_switched_to(rules: Path) -> None:
    with _served(rules, 2) as (served, log):
        before = _ready(served)
        rules.write_text("low_crp_limit = 9")
        _reload(served)
        refused = log.wait_for("rules not switched")
        assert "rules.toml: low_crp_limit may be 1 to 5 mg/L, not 9" in refused["reason"]
        assert refused["level"] == "error"
        rules.unlink()
        _reload(served)
        assert "cannot be read" in log.wait_for("rules not switched", 2)["reason"]
        rules.write_text(SECOND)
        _wait_for_workers(served)
        for worker in tuple(served.workers):
            os.kill(worker, signal.SIGKILL)
        log.wait_for("a worker died and is replaced", 2)
        assert [_ready(served) for _ in range(20)] == [before] * 20
        rules.write_text(f"# as it was\n{FIRST}")
        _reload(served)
        log.wait_for("rules unchanged")
        assert not log.of("rules switched")


def test_a_service_that_has_switched_ends_in_order(rules: Path) -> None:
    with _served(rules, 2, serving_traced) as (served, log):
        rules.write_text(SECOND)
        _reload(served)
        log.wait_for("rules switched")
        digest = _ready(served)["digest"]
        numbers = fetch(f"{served.url}/metrics").text
        assert re.findall(r"moodmarker_rule_set_info\{(.*)\} 1.0", numbers) == [f'digest="{digest}",version="1.0.0"']
        assert _ready(served) == {"version": "1.0.0", "digest": digest, "off": 2, "shadow": 0}
        assert served.end() == 0


@pytest.mark.slow
def test_workers_end_when_their_parent_is_gone(rules: Path) -> None:
    with _served(rules, 2) as (served, _log):
        _wait_for_workers(served)
        served.process.kill()
        end = time.monotonic() + PATIENCE
        while any(map(_is_alive, served.workers)) and time.monotonic() < end:
            time.sleep(0.05)
        assert not any(map(_is_alive, served.workers))


def _wait_for_workers(served: Served) -> None:
    end = time.monotonic() + PATIENCE
    while len(served.workers) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(served.workers) == 2


def _is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
