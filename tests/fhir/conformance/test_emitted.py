"""Is everything that this service emits valid FHIR R4, whatever the findings?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.findings import FlagState
from service.fhir.addresses import FLAG_DETAIL
from tests.fhir.conformance.checking import problems
from tests.fhir.conformance.findings import Evaluated, assessments
from tests.fhir.writing.assessments import answer, assessment, finding
from tests.fhir.writing.documents import entries, extensions

# Not traced: what is asked here is asked of the validators.
pytestmark = pytest.mark.no_cover


@given(
    assessments(),
    st.sampled_from(["none", "summary", "full"]),
    st.sampled_from(["collection", "transaction"]),
)
def test_any_answer_is_valid(found: Evaluated, explain: str, as_: str) -> None:
    assert problems(found.answered(explain, as_)) == []


@given(assessments())
def test_each_active_flag_names_its_evidence(found: Evaluated) -> None:
    written = [one["resource"] for one in entries(found.answered()) if one["resource"]["resourceType"] == "Flag"]
    for flag, resource in zip(found.made.flags, written, strict=True):
        if flag.state is FlagState.ACTIVE:
            details = [one["valueReference"] for one in extensions(resource, FLAG_DETAIL)]
            assert details
            literal = list(dict.fromkeys(source.reference for source in flag.evidence if source.reference))
            assert [one["reference"] for one in details if "reference" in one] == literal


@pytest.mark.parametrize(
    ("spoiled", "by"),
    [
        ('"status":"active"', '"status":"open"'),
        ('"code":"lab","display":"Lab"', '"code":"lab","display":"Laboratory"'),
        ('"code":"PM"', '"code":"PX"'),
        ('"start":"2026-06-20"', '"start":"2026-06-20","end":"2026-06-19"'),
        ('"start":"2026-06-20"', '"start":"20 June"'),
        ('"valueReference":{"reference":"Observation/crp"}', '"extension":[]'),
        ('"type":"collection"', '"type":"transaction"'),
        ('"type":"collection"', '"type":"collection","total":2'),
        ("</p></div>", "</div>"),
        ("<p>Evidence", "<p onclick='x()'>Evidence"),
        ('"severity":"warning"', '"severity":"bad"'),
        ('"subject":', '"subjects":'),
        ('"fullUrl":"urn:uuid:', '"fullUrl":"urn:uuid:0'),
    ],
)
def test_the_checks_see_a_fault(spoiled: str, by: str) -> None:
    body = answer(assessment(finding())).decode()
    assert spoiled in body
    assert problems(json.dumps(json.loads(body.replace(spoiled, by, 1))).encode())
