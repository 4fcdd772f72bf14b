"""Are the image and the compose file safe as they are written?"""

import re
import shutil
import subprocess
import tomllib

import pytest
import yaml

from service.settings import load_settings, require_safe_listener
from tests.architecture.container.dockerfile import read
from tests.architecture.tree import ROOT

STAGES = read(ROOT / "Dockerfile")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SWITCH = "MOODMARKER_ALLOW_UNAUTHENTICATED"


def test_base_images_are_named_exactly() -> None:
    outside = [stage.image for stage in STAGES if stage.image not in {other.name for other in STAGES}]
    services = COMPOSE["services"].values()
    built = {service["image"] for service in services if "build" in service}
    outside += [service["image"] for service in services if service["image"] not in built]
    assert all(re.fullmatch(r"[\w./-]+:v?\d[\w.-]+", image) for image in outside), outside


def test_base_image_has_a_python_that_the_service_supports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    for stage in STAGES:
        version = re.match(r"python:(\d+)\.(\d+)", stage.image)
        assert version
        assert tuple(map(int, version.groups())) >= least


def test_libraries_are_installed_by_hash_or_not_at_all() -> None:
    installs = [
        install for stage in STAGES for rest in stage.all("RUN") for install in re.findall(r"pip install[^&|;]*", rest)
    ]
    assert installs
    assert all("--require-hashes" in line or {"--no-deps", "."} <= set(line.split()) for line in installs)


def test_last_stage_runs_nothing_while_built_and_nobody_in_the_end() -> None:
    last = STAGES[-1]
    assert last.all("RUN") == []
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last.one("USER"))


def test_image_does_not_open_itself() -> None:
    assert all(SWITCH not in stage.environment for stage in STAGES)
    assert STAGES[-1].environment["MOODMARKER_HOST"] == "0.0.0.0"  # noqa: S104 - refused without authentication


def test_image_gives_the_memory_of_large_bodies_back() -> None:
    # The tests of memory take these from here.
    assert STAGES[-1].environment["MALLOC_ARENA_MAX"] == "1"
    assert int(STAGES[-1].environment["MALLOC_MMAP_THRESHOLD_"]) <= 1024 * 1024


def test_compose_opens_the_service_on_purpose_and_on_loopback_alone() -> None:
    assert COMPOSE["services"]["moodmarker"]["environment"][SWITCH] == "true"
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_compose_gives_settings_that_the_service_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPOSE["services"]["moodmarker"]["environment"].items():
        monkeypatch.setenv(name, value)
    settings = load_settings(host=STAGES[-1].environment["MOODMARKER_HOST"])
    require_safe_listener(settings)
    assert settings.servers["local"].write
    assert settings.service_key is not None
    # Under this name the FHIR server notifies.
    assert "moodmarker" in settings.own_hosts


def test_compose_gives_the_patients_to_the_package_where_the_image_has_it() -> None:
    version = re.match(r"python:(\d+\.\d+)", STAGES[-1].image)
    assert version
    (mount,) = COMPOSE["services"]["patients"]["volumes"]
    assert mount == f"./contracts:/opt/moodmarker/lib/python{version[1]}/site-packages/contracts:ro"


@pytest.mark.slow
def test_compose_file_is_read_by_compose() -> None:
    candidates = (["docker", "compose"], ["docker-compose"])
    works = [
        words
        for words in candidates
        if shutil.which(words[0]) and subprocess.run([*words, "version"], capture_output=True).returncode == 0
    ]
    if not works:
        pytest.skip("`docker compose` and `docker-compose` are both missing, and `make tools` could install neither")
    result = subprocess.run([*works[0], "config", "-q"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
