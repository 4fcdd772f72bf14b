"""Content negotiation: which bodies are read, and in which form the caller takes the answer.

Read: JSON in UTF-8 as application/fhir+json or application/json, of FHIR 4.0 to 4.3.
Written: application/fhir+json.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from service.errors import UnacceptableContent, UnsupportedContent

JSON_TYPES = frozenset({"application/fhir+json", "application/json"})
# Names by which FHIR lets a caller ask for JSON in `_format`.
JSON_FORMATS = JSON_TYPES | {"json", "text/json"}
FHIR_VERSIONS = frozenset({"4.0", "4.0.0", "4.0.1", "4.1", "4.3", "4.3.0"})
_REMEDY = "Send FHIR R4 as application/fhir+json in UTF-8."


class MediaType(NamedTuple):
    """A media type or range with its parameters in lower case."""

    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        """The weight in an Accept header; what is no number counts as refused."""
        try:
            return float(self.parameters.get("q", "1"))
        except ValueError:
            return 0.0

    @property
    def is_r4(self) -> bool:
        """Whether the FHIR version is one that is spoken here, or is left open."""
        version = self.parameters.get("fhirversion")
        return version is None or version in FHIR_VERSIONS


def _media_type(text: str) -> MediaType:
    name, *parameters = text.split(";")
    pairs = (part.partition("=") for part in parameters)
    # A "+" that was written into a query unescaped arrives as a space.
    return MediaType(
        name.strip().lower().replace("fhir json", "fhir+json"),
        {key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs},
    )


@lru_cache(maxsize=256)
def require_json(content_type: bytes | None) -> None:
    """Refuses a body that is not declared as FHIR R4 in JSON."""
    if content_type is None:
        raise UnsupportedContent(f"The request has no Content-Type. {_REMEDY}")
    received = _media_type(content_type.decode("latin-1"))
    if received.name not in JSON_TYPES:
        raise UnsupportedContent(f"The body's Content-Type is not read here. {_REMEDY}")
    if received.parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
        raise UnsupportedContent(f"The body's charset is not read here. {_REMEDY}")
    if not received.is_r4:
        raise UnsupportedContent(f"The body's fhirVersion is not read here. {_REMEDY}")


@lru_cache(maxsize=256)
def require_acceptable(accept: bytes | None, wanted: str | None = None) -> None:
    """Refuses when neither `_format` nor Accept allows FHIR R4 in JSON; `_format` wins, as FHIR says."""
    if wanted is not None:
        asked = _media_type(wanted)
        acceptable = asked.name in JSON_FORMATS and asked.is_r4
    else:
        acceptable = accept is None or not accept.strip() or _takes_json(accept.decode("latin-1"))
    if not acceptable:
        raise UnacceptableContent(
            "The answer can only be FHIR R4 as application/fhir+json; "
            "ask for it with Accept or _format, or leave both out."
        )


def _takes_json(accept: str) -> bool:
    """The most specific range that matches decides (RFC 9110, 12.5.1)."""
    ranges = [_media_type(text) for text in accept.split(",") if text.strip()]
    for names in (JSON_TYPES, frozenset({"application/*"}), frozenset({"*/*"})):
        if matching := [one for one in ranges if one.name in names]:
            return any(one.quality > 0 and one.is_r4 for one in matching)
    return False


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: bytes | None) -> bool:
    """Whether the caller asks for gzip by name, or for any coding, with a weight above 0."""
    if not accept_encoding:
        return False
    codings = {one.name: one.quality for one in map(_media_type, accept_encoding.decode("latin-1").split(","))}
    return codings.get("gzip", codings.get("*", 0.0)) > 0
