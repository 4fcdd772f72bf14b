"""Does what the Dockerfile builds run for a stranger over a tree that cannot be written?"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.container.dockerfile import Replay, Stage, exec_form, read
from tests.architecture.tree import ROOT

pytestmark = pytest.mark.slow

# A process gives up root where it has it; where it has not, it is unprivileged already.
NOBODY = 65534 if os.getuid() == 0 else None
NO_GROUPS: list[int] | None = [] if os.getuid() == 0 else None
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"resource": {"resourceType": "Patient", "id": "nobody-in-particular"}}],
}


@dataclass(frozen=True)
class Image:
    """What the last stage left, and how a process in it starts."""

    stage: Stage
    root: Path
    workdir: Path
    environment: dict[str, str]

    def start(self, words: list[str], **variables: str) -> subprocess.Popen[str]:
        """Start words of the image as its unprivileged user."""
        environment = self.environment | variables
        program = shutil.which(words[0], path=environment["PATH"])
        assert program, f"{words[0]} is not in the image"
        return subprocess.Popen(
            [program, *words[1:]],
            cwd=self.workdir,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=NOBODY,
            group=NOBODY,
            extra_groups=NO_GROUPS,
        )

    def run(self, words: list[str], **variables: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of words that end by themselves."""
        with self.start(words, **variables) as process:
            try:
                out, err = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                pytest.fail(f"{' '.join(words)} did not end: {process.communicate()}")
            return process.returncode, out, err

    @property
    def serve(self) -> list[str]:
        """What the image runs when nothing else is asked for."""
        return exec_form(self.stage.one("ENTRYPOINT")) + exec_form(self.stage.one("CMD"))

    @property
    def health_check(self) -> list[str]:
        """What the engine runs to learn whether the service lives."""
        return exec_form(self.stage.one("HEALTHCHECK"))


def _python_for_nobody() -> str:
    base: str = getattr(sys, "_base_executable", sys.executable)
    candidates = [base, "/usr/local/bin/python3", "/usr/bin/python3"]
    question = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    for candidate in candidates:
        try:
            answer = subprocess.run(
                [candidate, "-c", question],
                capture_output=True,
                user=NOBODY,
                group=NOBODY,
                extra_groups=NO_GROUPS,
            )
        except OSError:
            continue
        if answer.returncode == 0:
            return candidate
    pytest.skip(f"none of {', '.join(candidates)} is a Python 3.11 that an unprivileged user may start")


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    python = _python_for_nobody()
    top = Path(tempfile.mkdtemp(prefix="moodmarker-image-"))
    top.chmod(0o755)
    try:
        stages = read(ROOT / "Dockerfile")
        replay = Replay(top / "root", ROOT, python)
        replay.build(stages)
        for path in [replay.root, *replay.root.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)
        last = stages[-1]
        yield Image(last, replay.root, replay.inside(last.one("WORKDIR")), replay.environment(last))
    finally:
        for folder in [top, *(path for path in top.rglob("*") if path.is_dir() and not path.is_symlink())]:
            folder.chmod(0o755)
        shutil.rmtree(top)


@pytest.fixture
def port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_last_stage_holds_nothing_that_builds_or_installs(image: Image) -> None:
    found = [
        path.relative_to(image.root).as_posix()
        for pattern in ("bin/pip*", "lib/python*/site-packages/pip", "lib/python*/site-packages/setuptools")
        for path in (image.root / "opt/moodmarker").glob(pattern)
    ]
    assert not found


def test_checks_a_bundle(image: Image) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(BUNDLE, file)
        file.flush()
        Path(file.name).chmod(0o644)
        code, out, err = image.run(["moodmarker", "check", file.name, "--as-of", "2026-01-01"])
    assert code == 0, err
    assert json.loads(out)["resourceType"] == "Bundle"


@pytest.mark.parametrize("command", ["rules"])
def test_speaks_without_the_source_tree(image: Image, command: str) -> None:
    code, out, err = image.run(["moodmarker", command])
    assert code == 0, err
    assert out


def test_refuses_to_listen_to_everyone_without_authentication(image: Image, port: str) -> None:
    code, _, err = image.run(image.serve, MOODMARKER_PORT=port)
    assert code != 0
    assert "MOODMARKER_ALLOW_UNAUTHENTICATED" in err


def test_serves_and_says_so_to_its_health_check(image: Image, port: str) -> None:
    here = {"MOODMARKER_HOST": "127.0.0.1", "MOODMARKER_PORT": port}
    assert image.run(image.health_check, **here)[0] != 0
    with image.start(image.serve, **here) as server:
        try:
            give_up = time.monotonic() + 60
            while image.run(image.health_check, **here)[0] != 0:
                assert server.poll() is None, server.communicate()
                assert time.monotonic() < give_up, "the health check never passed"
                time.sleep(0.2)
            asked = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
            asked.request("GET", "/fhir/metadata")
            with asked.getresponse() as answer:
                assert answer.status == 200
                assert json.load(answer)["resourceType"] == "CapabilityStatement"
            asked.close()
        finally:
            server.terminate()
            server.communicate(timeout=30)
