"""FHIR in: the bytes of a Bundle become facts about one patient, an account of every entry, and what was refused.

bytes
  -> request, wrapping      the parameters and the Bundle; a file of the command line
  -> receiving              entries, all at once or one by one where a type is wrong (breakage, losses)
  -> bundle, entries        whose each is (subjects, ownership), whether it may be read (gate, strict, takeback)
  -> plain                  Observations of the usual shape, in one go, or else
     observations -> values -> answering | results -> quantities | numerals
     conditions | records | encounters | reports | medicines | questionnaires | flags | patients
  -> draft                  facts and rejections as they are found; duplicates go last
  -> Reading                chart, account and rejections (account)
"""

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
