"""What does HL7's instance validator, inside HAPI, say of everything this service emits and publishes?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.fhir.artifacts import all_artifacts
from tests.fhir.conformance.samples import faults, samples

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.java

HERE = Path(__file__).parent / "hapi"
UNREACHED = (
    "Could not transfer",
    "Unknown host",
    "UnknownHostException",
    "Connection refused",
    "offline mode",
)
# Without a package registry the validator cannot make a snapshot of an extension once more to compare it.
NO_REGISTRY = "Unable to resolve package id hl7.fhir.r4.core"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Errors by document, of one run over all: loading the definitions takes most of the time."""
    build()
    documents, definitions = tmp_path_factory.mktemp("documents"), tmp_path_factory.mktemp("definitions")
    artifacts = {path.replace("/", "-").removesuffix(".json"): made for path, made in all_artifacts().items()}
    published = {name: json.dumps(made).encode() for name, made in artifacts.items()}
    write(documents, (samples() | faults() | published).items())
    kinds = ("CodeSystem", "StructureDefinition", "ValueSet")
    write(definitions, ((name, body) for name, body in published.items() if name.startswith(kinds)))
    classes = os.pathsep.join([str(HERE / "target" / "classes"), str(HERE / "target" / "dependency" / "*")])
    command = [
        "java",
        "-cp",
        classes,
        "org.moodmarker.conformance.Validate",
        str(documents),
        str(definitions),
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    errors: dict[str, list[str]] = {}
    for line in told.splitlines():
        name, severity, place, message = line.split("\t")
        if severity in ("error", "fatal") and NO_REGISTRY not in message:
            errors.setdefault(name.removesuffix(".json"), []).append(f"{place}: {message}")
    return errors


def build() -> None:
    for program in ("mvn", "java"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    command = ["mvn", "--quiet", "--batch-mode", "compile", "dependency:copy-dependencies"]
    made = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
    said = made.stdout + made.stderr
    if made.returncode and any(text in said for text in UNREACHED):
        pytest.skip("the registry of Maven packages cannot be reached")
    assert made.returncode == 0, said


def write(folder: Path, documents: Iterable[tuple[str, bytes]]) -> None:
    for name, body in documents:
        (folder / f"{name}.json").write_bytes(body)


@pytest.mark.parametrize("name", samples())
def test_what_is_emitted_is_valid(found: dict[str, list[str]], name: str) -> None:
    assert found.get(name, []) == []


def test_what_is_published_is_valid(found: dict[str, list[str]]) -> None:
    assert {name: told for name, told in found.items() if not name.startswith(("fault-", "answer-", "problem"))} == {}


@pytest.mark.parametrize("name", faults())
def test_a_fault_is_seen(found: dict[str, list[str]], name: str) -> None:
    assert found.get(name)
