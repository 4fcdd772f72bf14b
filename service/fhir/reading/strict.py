"""Strict reading: an entry that fhir.resources refuses is rejected. It validates as R4B and checks no bindings."""

from __future__ import annotations

import itertools

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from service.fhir.reading.account import Reason
from service.fhir.reading.numerals import Refusal


def strict_fault(kind: str, body: bytes) -> Refusal | None:
    """The first element at fault and what kind of fault it is, never its value; None for a valid resource."""
    try:
        get_fhir_model_class(kind).model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return Refusal(_path(first["loc"]), Reason.STRICT, f"This is not valid FHIR R4 ({first['type']}).")
    # It was not made for odd input: whatever else it raises is a refusal too.
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError, AssertionError):
        return Refusal("", Reason.STRICT, "This is not valid FHIR R4.")
    return None


def _path(steps: tuple[int | str, ...]) -> str:
    path = ""
    # The last steps may be the library's own, about how a primitive is made.
    for step in itertools.takewhile(lambda one: one != "root", steps):
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
