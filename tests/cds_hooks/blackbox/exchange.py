"""Checks of what is the same for every exchange: JSON, TLS, nothing null or empty."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.cds_hooks.blackbox.judging import NotApplicable, require, require_none
from tests.cds_hooks.blackbox.session import Session, document_of

# Where the specification lets an array be empty.
_MAY_BE_EMPTY = ("cards", "services")


def is_json(session: Session) -> str:
    """Answers say that they are JSON, and are."""
    responses = [one for one in (session.discovery, *(call.response for call in session.calls)) if one.content]
    for response in responses:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_named = kind == "application/json" or kind.endswith("+json")
        require(is_named, f"{response.request.url.path} answers with Content-Type {kind or 'unknown'}")
        document_of(response)
    return f"{len(responses)} answers"


def goes_over_tls(session: Session) -> str:
    """The address is one of https."""
    parts = urlsplit(session.base_url)
    if parts.scheme != "https" and _is_loopback(parts.hostname or ""):
        raise NotApplicable("the service is asked on this machine, where nothing goes over a network")
    require(parts.scheme == "https", f"the address is one of {parts.scheme}")
    return "https"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_nothing_null_or_empty(session: Session) -> str:
    """No member of any answer is null, or an empty object, array or string, but for arrays that may be empty."""
    documents = session.documents
    require_none(f"{where}: {path}" for where, document in documents for path in faulty_members(document))
    return f"{len(documents)} answers"


def faulty_members(value: Any, path: str = "") -> Iterator[str]:
    """The paths of what is null or empty, the top aside."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        place = f"{path}[{name}]" if isinstance(value, list) else f"{path}.{name}".lstrip(".")
        if member is None:
            yield f"{place} is null"
        elif member in ({}, [], "") and not (member == [] and place in _MAY_BE_EMPTY):
            yield f"{place} is empty"
        else:
            yield from faulty_members(member, place)
