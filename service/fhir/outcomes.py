"""OperationOutcome: how one issue is spelled, and the whole answer to a request that cannot be served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from service.errors import Problem

_encode: Final = msgspec.json.Encoder().encode


def issue(severity: str, code: str, text: str, expression: str = "") -> dict[str, Any]:
    """One issue; `code` is a FHIR IssueType, `expression` the FHIRPath of the element at fault (or empty)."""
    spelled: dict[str, Any] = {"severity": severity, "code": code, "details": {"text": text}}
    if expression:
        spelled["expression"] = [expression]
    return spelled


def outcome_of_problem(problem: Problem) -> bytes:
    """The body that says why a whole request was refused, and the remedy."""
    one = issue("error", problem.code, problem.text, problem.expression)
    return _encode({"resourceType": "OperationOutcome", "issue": [one]})
