"""One GuidanceResponse for each rule: its verdict, why, and the trace behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.explain import steps
from service.domain.verdict import Verdict
from service.fhir.addresses import GUIDANCE_SID
from service.fhir.writing.elements import DEVICE, Json, clean, identity
from service.fhir.writing.requirements import requirements_of
from service.fhir.writing.rules import spell_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.explain import Step
    from service.domain.findings import RuleResult
    from service.fhir.writing.frame import Frame
    from service.terminology import Terminology

_OUTPUT: Final = "output"


def write_guidance(result: RuleResult, frame: Frame, cleared_by: Iterable[str], terminology: Terminology) -> Json:
    """What one rule said; `cleared_by` says what would clear each flag it has."""
    rule = spell_rule(result.rule)
    unknown = result.verdict is Verdict.UNKNOWN
    written: Json = {"resourceType": "GuidanceResponse"}
    written["contained"] = [_output(result, frame, cleared_by)]
    written["identifier"] = [{"system": GUIDANCE_SID, "value": guidance_identifier(result, frame)}]
    written["moduleCanonical"] = rule.canonical
    written["status"] = "data-required" if unknown else "success"
    if frame.has_subject:
        written["subject"] = frame.subject
    written["occurrenceDateTime"] = frame.as_of
    written["performer"] = DEVICE
    written["outputParameters"] = {"reference": f"#{_OUTPUT}"}
    if unknown:
        written["dataRequirement"] = requirements_of(result.rule, terminology)
    return written


def guidance_identifier(result: RuleResult, frame: Frame) -> str:
    """The same for the same rule, patient and instant."""
    return identity(result.rule.name, result.rule.version, frame.subject_key, frame.as_of)


def _output(result: RuleResult, frame: Frame, cleared_by: Iterable[str]) -> Json:
    parameters = [_verdict(result.verdict)]
    if result.reason:
        parameters.append({"name": "reason", "valueString": clean(result.reason)})
    if result.outcome is not None:
        parameters.append(_step(steps(result.outcome), frame))
    parameters += ({"name": "clearedBy", "valueString": clean(text)} for text in cleared_by if text)
    return {"resourceType": "Parameters", "id": _OUTPUT, "parameter": parameters}


def _verdict(verdict: Verdict) -> Json:
    return {"name": "verdict", "valueCode": verdict.name}


def _step(step: Step, frame: Frame) -> Json:
    parts: list[Json] = [{"name": "text", "valueString": clean(step.text)}, _verdict(step.verdict)]
    parts += ({"name": "evidence", "valueReference": frame.reference(source)} for source in step.evidence)
    parts += (_step(inner, frame) for inner in step.inner)
    return {"name": "step", "part": parts}
