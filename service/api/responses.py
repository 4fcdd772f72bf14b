"""Responses as this service sends them: FHIR JSON bytes, compressed when the caller asks for it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from service.api.negotiation import takes_gzip

if TYPE_CHECKING:
    from service.api.exchange import Exchange

FHIR_JSON = "application/fhir+json"
RECEIPT_HEADER = "Moodmarker-Receipt"
# Below this a compressed answer saves no packet.
WORTH_COMPRESSING = 1024
_VARY = "Accept, Accept-Encoding"
Signing = Callable[[bytes], str]


class FhirResponse(Response):
    """Bytes that are FHIR JSON already."""

    media_type = FHIR_JSON


def answer_fhir(
    body: bytes, exchange: Exchange, *, pretty: bool = False, urgent: bool = False, receipt: Signing | None = None
) -> FhirResponse:
    """Status 200 with `body`; `urgent` adds the header that lets a caller act before reading it.

    `receipt` makes the receipt of the body as it is before it is compressed.
    """
    headers = {"Vary": _VARY}
    if urgent:
        headers["Moodmarker-Urgent"] = "true"
    if pretty:
        body = msgspec.json.format(body, indent=2)
    if receipt is not None:
        headers[RECEIPT_HEADER] = receipt(body)
    return FhirResponse(_packed(body, exchange, headers), headers=headers)


def answer_json(body: bytes, exchange: Exchange, receipt: Signing | None = None) -> Response:
    """Status 200 with JSON that is no FHIR resource; `receipt` as in `answer_fhir`."""
    headers = {"Vary": "Accept-Encoding"}
    if receipt is not None:
        headers[RECEIPT_HEADER] = receipt(body)
    return Response(_packed(body, exchange, headers), headers=headers, media_type="application/json")


def _packed(body: bytes, exchange: Exchange, headers: dict[str, str]) -> bytes:
    """The body as it is sent, compressed when the caller asks for it."""
    if len(body) <= WORTH_COMPRESSING or not takes_gzip(exchange.headers.get(b"accept-encoding")):
        return body
    headers["Content-Encoding"] = "gzip"
    return gzip.compress(body, compresslevel=1, mtime=0)
