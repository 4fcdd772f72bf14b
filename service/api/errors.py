"""The one table from a problem to its HTTP status, and the OperationOutcome that says it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.api.responses import FhirResponse
from service.errors import (
    BodyTooLarge,
    BodyUnreadable,
    DeadlineExceeded,
    InvalidParameter,
    KeysNotFetched,
    MissingSubject,
    MixedPatients,
    NotAllowed,
    NotAuthenticated,
    NotBelieved,
    NotFound,
    Overloaded,
    Problem,
    RequiredDataMissing,
    ScopeMissing,
    Throttled,
    TokenRefused,
    UnacceptableContent,
    UnsupportedContent,
    UpstreamFailed,
    UpstreamTooSlow,
)
from service.fhir.outcomes import outcome_of_problem

if TYPE_CHECKING:
    from collections.abc import Mapping


class MethodNotAllowed(Problem):
    """The resource is there, but not for this HTTP method."""

    code = "not-supported"


class Misdirected(Problem):
    """The request names a host that this service does not answer for."""

    code = "security"


class HeadTooLarge(Problem):
    """The request's line and headers are past a limit."""

    code = "too-long"


class Unexpected(Problem):
    """A fault of the service itself, told by its id alone."""

    code = "exception"


STATUS: dict[type[Problem], int] = {
    BodyUnreadable: 400,
    InvalidParameter: 400,
    NotAuthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    UnacceptableContent: 406,
    RequiredDataMissing: 412,
    BodyTooLarge: 413,
    UnsupportedContent: 415,
    Misdirected: 421,
    MixedPatients: 422,
    MissingSubject: 422,
    Throttled: 429,
    HeadTooLarge: 431,
    Unexpected: 500,
    UpstreamFailed: 502,
    UpstreamTooSlow: 504,
    Overloaded: 503,
    KeysNotFetched: 503,
    DeadlineExceeded: 503,
}
_REALM = 'Bearer realm="moodmarker"'
# Of two that hold the later one does.
_RETRY_AFTER = {Overloaded: "1", KeysNotFetched: "10", DeadlineExceeded: "30"}


def answer_problem(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The response that tells a problem, or for `NotBelieved` its status alone."""
    extra = dict(headers or {})
    for kind, seconds in _RETRY_AFTER.items():
        if isinstance(problem, kind):
            extra["Retry-After"] = seconds
    if isinstance(problem, Throttled):
        extra["Retry-After"] = str(math.ceil(problem.seconds))
    if isinstance(problem, (NotAuthenticated, ScopeMissing)):
        extra["WWW-Authenticate"] = _challenge(problem)
    if isinstance(problem, NotBelieved):
        return Response(status_code=status_of(problem), headers=extra)
    return FhirResponse(outcome_of_problem(problem), status_code=status_of(problem), headers=extra)


def _challenge(problem: NotAuthenticated | ScopeMissing) -> str:
    """What RFC 6750 has a caller told: of no token nothing, of a bad one that it is."""
    if isinstance(problem, NotBelieved):
        return "Bearer"
    if isinstance(problem, ScopeMissing):
        return f'{_REALM}, error="insufficient_scope", scope="{problem.scope}"'
    return f'{_REALM}, error="invalid_token"' if isinstance(problem, TokenRefused) else _REALM


def status_of(problem: Problem) -> int:
    """The status of the nearest class in the table."""
    return next((STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS), 500)


def unexpected(request_id: str) -> Unexpected:
    """What the caller may know of a fault of ours: how to refer to it."""
    return Unexpected(f"The service failed unexpectedly. Tell its operator this id: {request_id}.")


def problem_of(error: HTTPException) -> Problem:
    """What the router says, in our words; its own text may repeat the path, so it is dropped."""
    if error.status_code == 404:
        return NotFound("There is no such resource or operation here; GET /fhir/metadata lists what there is.")
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return MethodNotAllowed(f"This address takes {allowed}.")
    return Problem(f"The request was refused with status {error.status_code}.")
