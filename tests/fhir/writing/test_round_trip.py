"""Does this service recognise what it wrote when a caller sends it back?"""

import json
from datetime import UTC

from service.domain.findings import FlagState
from service.domain.rule import Priority
from service.fhir.reading import read_bundle
from tests.fhir.writing.assessments import (
    MOOD,
    TERMINOLOGY,
    TODAY,
    answer,
    assessment,
    finding,
    prior_flag,
    proposal,
    reading,
)
from tests.fhir.writing.documents import entries, of_type


def test_flags_and_plans_come_back_as_what_they_were() -> None:
    flag = finding(priority=Priority.PH)
    written = entries(answer(assessment(flag, plan=proposal(flag))))[:2]
    stored = [entry["resource"] | {"id": str(index)} for index, entry in enumerate(written)]
    read = read_bundle(_bundle(stored), TERMINOLOGY, UTC)
    (prior,), (plan,) = read.chart.flags, read.chart.plans
    assert (prior.rule, prior.identifier, prior.status) == (MOOD.name, flag.identifier, "active")
    assert (prior.start, prior.end, prior.priority) == (flag.start, None, "PH")
    assert prior.evidence == ("Observation/phq9", "Observation/crp")
    assert not prior.closed_by_rule
    assert (prior.source.reference, plan.source.reference) == ("Flag/0", "CarePlan/1")
    assert (plan.identifier, plan.status) == (stored[1]["identifier"][0]["value"], "draft")
    flag.prior = prior
    assert of_type(answer(assessment(flag), read, as_="transaction"), "Flag") == []


def test_a_flag_that_its_rule_closed_is_known_as_such() -> None:
    flag = finding()
    stored = of_type(answer(assessment(flag)), "Flag")[0] | {"id": "7"}
    flag.prior = prior_flag(flag)
    flag.state, flag.end, flag.closed_reason, flag.evidence = FlagState.INACTIVE, TODAY, "cleared", ()
    kept = reading(prior_flags_raw={flag.prior.entry: json.dumps(stored).encode()})
    (closed,) = of_type(answer(assessment(flag), kept), "Flag")
    (prior,) = read_bundle(_bundle([closed]), TERMINOLOGY, UTC).chart.flags
    assert (prior.status, prior.end, prior.closed_by_rule) == ("inactive", TODAY, True)
    assert prior.evidence == ("Observation/phq9", "Observation/crp")


def _bundle(stored: list[dict[str, object]]) -> bytes:
    resources = [{"resourceType": "Patient", "id": "anna"}, *stored]
    listed = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": listed}).encode()
