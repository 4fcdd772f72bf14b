"""Is the service looked after whatever happens around it, and does it say what it lacks?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.serving import environment
from tests.faults.processes import PATIENCE, replica
from tests.faults.receipts import on

pytestmark = pytest.mark.faults

FIRST, SECOND = "low_crp_limit = 2.5\n", "low_crp_limit = 3.5\n"


def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_worker_comes_back_though_somebody_has_tidied_the_temporary_files(tmp_path: Path) -> None:
    rules, own = tmp_path / "rules.toml", tmp_path / "temporary"
    rules.write_text(FIRST, encoding="utf-8")
    own.mkdir()
    settings = {"SITE_RULES": str(rules), "WORKERS": "2"}
    with replica(tmp_path / "log", settings=settings, variables={"TMPDIR": str(own)}) as served:
        before = served.digest()
        _until(lambda: len(served.workers) == 2)
        for copies in own.glob("moodmarker-*/rules"):
            shutil.rmtree(copies)
        os.kill(served.workers[0], signal.SIGKILL)
        _until(lambda: len(served.workers) == 3)
        assert {served.digest() for _ in range(10)} == {before}
        for copies in own.glob("moodmarker-*/rules"):
            shutil.rmtree(copies)
        rules.write_text(SECOND, encoding="utf-8")
        served.process.send_signal(signal.SIGHUP)
        assert served.wait_for("rules switched")["digest"] == served.digest() != before
        assert served.end() == 0


def test_being_told_to_read_anew_what_there_is_not_ends_nothing(tmp_path: Path) -> None:
    with replica(tmp_path / "log", settings=on(f"sqlite:///{tmp_path}/ledger.db")) as served:
        assert served.status("/health/ready") == 200
        served.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert served.status("/health/ready") == 200
        assert served.end() == 0


def test_rules_are_switched_in_a_moment_with_a_ledger_too(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(FIRST, encoding="utf-8")
    settings = on(f"sqlite:///{tmp_path}/ledger.db") | {"SITE_RULES": str(rules)}
    with replica(tmp_path / "log", settings=settings) as served:
        assert served.status("/health/ready") == 200
        rules.write_text(SECOND, encoding="utf-8")
        served.process.send_signal(signal.SIGHUP)
        served.wait_for("rules switched")
        # From the moment on which the old workers stop until the new ones answer.
        assert served.wait_for("workers changed")["seconds"] < 1.5
        assert served.end() == 0


def test_who_may_write_nowhere_is_told_what_is_missing(tmp_path: Path) -> None:
    hidden = "import sys, tempfile; tempfile._candidate_tempdir_list = lambda: ['/proc/nowhere']; "
    started = f"{hidden}sys.argv = ['moodmarker', 'serve', '--port', '0']; from service.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", started],
        env=environment(WORKERS="2"),
        cwd="/proc",
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert ended.returncode == 2
    assert "Mount a tmpfs on /tmp, or name a folder in TMPDIR." in ended.stderr
