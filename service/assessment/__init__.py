"""The one application service: bytes of a request in, bytes of the answer out; no HTTP words."""

from __future__ import annotations

from service.assessment.checking import Answer, assess, assess_patient
from service.assessment.context import Context, SiteFiles, require_safety_codes
from service.assessment.options import CheckOptions
from service.assessment.servers import Servers
from service.assessment.turns import Leases, Turns
from service.assessment.writing import Written, assess_and_write

__all__ = [
    "Answer",
    "CheckOptions",
    "Context",
    "Leases",
    "Servers",
    "SiteFiles",
    "Turns",
    "Written",
    "assess",
    "assess_and_write",
    "assess_patient",
    "require_safety_codes",
]
