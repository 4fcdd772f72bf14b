"""Addresses and host names in settings: each in the one form that it is compared in later."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._\-]+)(:[0-9]{1,5})?")


def is_base(url: str) -> str:
    """An address below which requests go: with scheme and host, without query, user or fragment."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write the FHIR base with its scheme and host, as in https://ehr.example/fhir")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("the address has no user, query or fragment")
    return url.rstrip("/")


def is_endpoint(url: str) -> str:
    """An address that is sent to as it is written: its last slash counts."""
    is_base(url)
    return url


def is_document(url: str) -> str:
    """An address that one document is fetched from or shown at, as it is written."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        whole = False
    if not whole or "#" in url or not all("!" <= one <= "~" for one in url):
        raise ValueError("write an address with its scheme and host, and without user, fragment or spaces")
    return url


def is_origin(text: str) -> str:
    """A web page's origin, as browsers write it."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    if parts.scheme not in _DEFAULT_PORTS or not host or _HOST_NAME.fullmatch(host) is None:
        raise ValueError("write it as browsers do, as in https://ehr.example or https://ehr.example:8443")
    written = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, _DEFAULT_PORTS[parts.scheme]) else "")
    if parts.username is not None or parts.path not in ("", "/") or "?" in text or "#" in text:
        raise ValueError(f"an origin ends with its host or port: {written}")
    return written


def host_name(entry: str) -> str:
    """The name that is compared with Host headers: without port and brackets, in lower case."""
    if "*" in entry:
        raise ValueError(f"{entry} holds a *; list every host by its own name")
    if "://" in entry:
        raise ValueError(f"{entry} has a scheme; write the host name alone, such as ehr.example")
    if _is_address(entry):
        return entry.lower()
    match = _HOST_NAME.fullmatch(entry)
    if match is None:
        raise ValueError(f"{entry} is no host name; write it such as ehr.example")
    return match[1].lower().strip("[]")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine alone."""
    name = host.lower().removeprefix("[").removesuffix("]")
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
