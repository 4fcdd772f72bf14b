"""FHIR in: the bytes of a Bundle become facts about one patient, an account of every entry, and what was refused."""

from __future__ import annotations

from service.fhir.reading.account import Account, Reading, Rejection
from service.fhir.reading.bundle import read_bundle
from service.fhir.reading.receiving import Received
from service.fhir.reading.request import RequestBody, read_request
from service.fhir.reading.wrapping import wrap

__all__ = [
    "Account",
    "Reading",
    "Received",
    "Rejection",
    "RequestBody",
    "read_bundle",
    "read_request",
    "wrap",
]
