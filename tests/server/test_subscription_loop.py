"""Does new data on a real FHIR server lead to flags there, whatever happens to the service meanwhile?"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.api.serving import Served
from tests.server.local_server import LocalServer
from tests.server.sekmet import running
from tests.server.subscribing import Site, crp, eventually, flags, low_mood
from tests.server.writing import INFLAMMATION


@pytest.fixture(scope="module")
def own_sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server of this file's own, for it keeps notifying."""
    with running(tmp_path_factory.mktemp("sekmet")) as server:
        yield server


@pytest.fixture(scope="module")
def site(own_sekmet: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.of(own_sekmet.base, tmp_path_factory.mktemp("site"))


def kill(served: Served) -> None:
    with suppress(ProcessLookupError):
        os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait()


def test_a_new_result_raises_a_flag_and_a_later_one_closes_it(own_sekmet: LocalServer, site: Site) -> None:
    with site.serving():
        made = site.call("main")
        assert made.code == 0, made.err
        assert "Observation  active" in made.out
        own_sekmet.put(*low_mood("ada"))
        own_sekmet.put(crp("ada", "crp", 5.1, 8))
        assert eventually(lambda: flags(own_sekmet, "ada")) == [INFLAMMATION]
        own_sekmet.put(crp("ada", "crp-later", 0.8, 1))
        assert eventually(lambda: flags(own_sekmet, "ada", "inactive")) == [INFLAMMATION]
        assert flags(own_sekmet, "ada") == []
        numbers = httpx.get(f"http://127.0.0.1:{site.port}/metrics", trust_env=False).text
    assert 'moodmarker_queue_work_total{result="done"}' in numbers
    assert 'moodmarker_notified_events_total{seen="new"}' in numbers


def test_a_service_killed_in_the_midst_of_it_raises_the_flag_afterwards_and_once(
    own_sekmet: LocalServer, site: Site
) -> None:
    patients = [f"bo-{number}" for number in range(12)]
    with site.serving("--workers", "2") as served:
        for patient in patients:
            own_sekmet.load([*low_mood(patient), crp(patient, "crp", 5.1, 8)])
        kill(served)
    with site.serving("--workers", "2"):
        eventually(lambda: all(flags(own_sekmet, patient) for patient in patients))
        assert [flags(own_sekmet, patient) for patient in patients] == [[INFLAMMATION]] * len(patients)


def test_data_that_came_while_the_service_was_down_is_found_when_it_is_back(
    own_sekmet: LocalServer, site: Site
) -> None:
    own_sekmet.load([*low_mood("cleo"), crp("cleo", "crp", 5.1, 8)])
    with site.serving():
        assert eventually(lambda: flags(own_sekmet, "cleo")) == [INFLAMMATION]
