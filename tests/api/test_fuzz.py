"""Does the service keep to its OpenAPI document, whatever is sent?"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.api.application import create_app
from service.assessment import Context
from service.settings import Settings
from tests.evidence import note

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


EXAMPLES = 100
TOKEN = "a-token-of-the-site-of-40-characters-now"


def _operations(schema: Any) -> Iterator[Any]:
    """Every operation; one that the document spells wrongly fails here."""
    for found in schema.get_all_operations():
        yield found.ok()


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_keeps_to_its_document(context: Context, mode: GenerationMode) -> None:
    """Who calls may do everything, or the fuzzing would end at the door."""
    site: dict[str, Any] = {
        "openapi_page": True,
        "metrics": True,
        "allowed_hosts": ("testserver",),
        "cds_unauthenticated": True,
    }
    app = create_app(Settings(**site, bearer_token=TOKEN), context)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    told = 0
    for operation in _operations(schema):

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
        def keeps(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {TOKEN}"})

        try:
            keeps()
        except Unsatisfiable:
            continue  # an operation that takes nothing cannot be called wrongly
        told += 1
    assert told > 4
    note(
        f"Requests made from the OpenAPI document, {mode.value}, answered as it says",
        f"{told} operations, up to {EXAMPLES} requests each, 0 faults",
        "tests/api/test_fuzz.py::test_keeps_to_its_document",
    )
