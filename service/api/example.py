"""The example in the OpenAPI document: a made-up patient, asked about for real when the document is made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from service.assessment import CheckOptions, assess
from service.domain.analytes import CRP
from service.domain.instruments import PHQ9
from service.fhir.writeback.results import Became, Result
from service.fhir.writeback.storage import chosen_id
from service.terminology.systems import UCUM

if TYPE_CHECKING:
    from service.assessment import Context
    from service.domain.rule import Code

Json = dict[str, Any]
_SUBJECT = "Patient/example"
_AS_OF = "2026-06-30"


def example_request(context: Context) -> Json:
    """A PHQ-9 that rose by ten within two months, and a CRP between 3 and 10 mg/L beside it."""
    score = context.terminology.codes_of(PHQ9)[0]
    protein = context.terminology.codes_of(CRP)[0]
    milligrams = {"unit": CRP.unit, "system": UCUM, "code": CRP.unit}
    entries = [
        {"resourceType": "Patient", "id": "example", "birthDate": "1984-03-05"},
        _observation("mood-before", score, "2026-04-20", {"value": 6}),
        _observation("mood-now", score, "2026-06-19", {"value": 16}),
        _observation("inflammation", protein, "2026-06-21", {"value": 6.4, **milligrams}),
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]}
    parameters = [{"name": "asOf", "valueDateTime": _AS_OF}, {"name": "data", "resource": bundle}]
    return {"resourceType": "Parameters", "parameter": parameters}


def example_answer(context: Context) -> Json:
    """What the service says to the example."""
    body = msgspec.json.encode(example_request(context))
    answer: Json = msgspec.json.decode(assess(body, CheckOptions(), context, datetime.now(UTC)).body)
    return answer


def example_written(context: Context) -> Json:
    """What it says where all of that was stored on a server that lets ids be chosen."""
    answer = example_answer(context)
    issues = answer["entry"][-1]["resource"]["issue"]
    for entry in answer["entry"][:-1]:
        kind, resource = entry["resource"]["resourceType"], entry["resource"]
        identity = chosen_id(resource["identifier"][0]["value"])
        entry["resource"] = {"resourceType": kind, "id": identity, **resource}
        about = resource["code"]["coding"][0]["code"] if kind == "Flag" else "the draft plan"
        issues.insert(-1, Result(Became.CREATED, f"{kind}/{identity}", about).issue)
    return answer


def _observation(identity: str, code: Code, day: str, quantity: Json) -> Json:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": {"coding": [{"system": code.system, "code": code.code, "display": code.display}]},
        "subject": {"reference": _SUBJECT},
        "effectiveDateTime": day,
        "valueQuantity": quantity,
    }
