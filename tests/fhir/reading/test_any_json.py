"""Whatever JSON comes in: nothing but a Problem is raised, every entry is counted, and no alarm is lost."""

import contextlib
import copy
import json
from datetime import UTC
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.domain.concepts import Item
from service.errors import MixedPatients, Problem
from service.fhir.reading import read_bundle, read_request, wrap
from service.terminology.terminology import Terminology
from tests.fhir.reading.feeding import (
    CRP,
    CSSRS_PANEL,
    IL6,
    ITEM_1,
    ITEM_9,
    NMDAR_SERUM,
    PATIENT,
    PHQ9,
    PHQ9_PANEL,
    RELAPSE,
    SEVERAL_DAYS,
    SUICIDAL_THOUGHTS,
    bundle,
    coded,
    concept,
    condition,
    entry,
    observation,
    patient,
    quantity,
    read_body,
    resource,
    score_of,
)

CANON = "https://moodmarker.org/fhir"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PERIOD = {"start": "2026-01-01", "end": "2026-02-01T10:00:00+01:00"}
MEDICATION = {"resourceType": "Medication", "id": "med", "code": concept("36437", RXNORM), "ingredient": [{}]}

RICH = bundle(
    entry(patient(identifier=[{"system": "http://mrn", "value": "42"}], deceasedBoolean=False), fullUrl="urn:uuid:p"),
    observation(PHQ9_PANEL, "panel", hasMember=[{"reference": "Observation/t"}, {"reference": "#i"}],
                contained=[observation(ITEM_1, "i", subject=None, valueInteger=1)],
                component=[{"code": concept(ITEM_1), **coded(SEVERAL_DAYS)}]),
    observation(PHQ9, "t", meta={"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z", "security": [{"code": "R"}],
                                 "tag": [{"code": "SUBSETTED"}]}, **score_of(9)),
    observation(PHQ9, "u", effectiveDateTime=None, effectivePeriod=PERIOD, valueString="9",
                focus=[{"reference": PATIENT}]),
    observation(CRP, "crp", **quantity(4, comparator="<"), referenceRange=[{"high": {"value": 5, "unit": "mg/L"}}]),
    observation(IL6, "il6", **quantity(4, "pg/mL"), interpretation=[concept("H")],
                referenceRange=[{"high": {"value": 3}}]),
    observation(NMDAR_SERUM, "ab", valueRatio={"numerator": {"value": 1}, "denominator": {"value": 320}}),
    observation(RELAPSE, "rel", "http://snomed.info/sct", valueBoolean=False, dataAbsentReason=concept("x")),
    condition(SUICIDAL_THOUGHTS, onsetPeriod=PERIOD, abatementDateTime="2026-01-02", recordedDate="2026",
              clinicalStatus=concept("active"), verificationStatus=concept("confirmed")),
    resource("QuestionnaireResponse", "qr", status="completed", authored="2026-03-01", questionnaire="#q",
             contained=[{"resourceType": "Questionnaire", "id": "q", "code": concept(CSSRS_PANEL)["coding"],
                         "item": [{"linkId": "1", "code": concept(ITEM_9)["coding"]}]}],
             item=[{"linkId": "g", "item": [{"linkId": "1", "answer": [{"valueCoding": {"code": "x"}}]}]},
                   {"linkId": PHQ9, "answer": [{"valueDecimal": 9.0}]}]),
    resource("MedicationRequest", status="active", intent="order", authoredOn="2026-01-01",
             medicationReference={"reference": "#med"}, contained=[MEDICATION],
             dosageInstruction=[{"route": concept("x"), "timing": {"repeat": {"boundsPeriod": PERIOD}}}],
             dispenseRequest={"validityPeriod": PERIOD, "numberOfRepeatsAllowed": 2,
                              "expectedSupplyDuration": {"value": 3, "code": "wk"}}),
    resource("MedicationAdministration", status="completed", effectivePeriod=PERIOD,
             medicationCodeableConcept=concept("8640", RXNORM), dosage={"route": concept("x")}),
    resource("MedicationDispense", status="completed", whenHandedOver="2026-01-01", daysSupply={"value": 30},
             medicationReference={"reference": "Medication/med"}),
    resource("MedicationStatement", status="active", effectiveDateTime="2026-01",
             medicationCodeableConcept={"text": "x"}),
    MEDICATION,
    resource("Procedure", status="completed", performedPeriod=PERIOD,
             code=concept("387713003", "http://snomed.info/sct")),
    resource("Immunization", subject=None, patient={"reference": PATIENT}, status="completed"),
    resource("Encounter", status="finished", period=PERIOD, reasonCode=[concept(RELAPSE, "http://snomed.info/sct")]),
    resource("DiagnosticReport", status="final", effectivePeriod=PERIOD,
             conclusionCode=[concept("mri-activity", f"{CANON}/CodeSystem/measurand")]),
    resource("Flag", status="inactive", period=PERIOD, identifier=[{"system": f"{CANON}/sid/flag", "value": "f"}],
             extension=[{"url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
                         "valueReference": {"reference": "Observation/t"}}]),
    resource("CarePlan", status="draft", identifier=[{"system": f"{CANON}/sid/careplan", "value": "c"}]),
    resource("Account", subject=[{"reference": PATIENT}]),
    {"resourceType": "OperationOutcome", "issue": []},
    entry(bundle(observation(ITEM_9, "inner", valueInteger=0))),
    {"resource": None},
)  # fmt: skip
ALARM = observation(ITEM_9, "alarm", effectiveDateTime="2026-02-03", valueInteger=2)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths(inner, (*path, index))
    return found


PATHS = [path for path in paths(RICH["entry"]) if "subject" not in path]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["", "NaN", "2026-02-30", "entered-in-error", "Patient/p", "#", "urn:uuid:p", "1" * 5000]),
    st.sampled_from([10**30, -1, 1e300, 0.1]),
    st.recursive(st.none(), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner)),
    st.sampled_from([{"reference": "Patient/p"}, [[]], {}, [], {"coding": [None]}, {"resourceType": "Observation"}]),
)


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    """Replaces the value at a path, unless an earlier change took the way there."""
    with contextlib.suppress(LookupError, TypeError):
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value


def changed(changes: list[tuple[tuple[Any, ...], Any]]) -> dict[str, Any]:
    """The rich Bundle with some values replaced, and the alarm at its end."""
    body = copy.deepcopy(RICH)
    for path, value in changes:
        put(body["entry"], path, value)
    body["entry"].append({"resource": ALARM})
    return body


def is_alarmed(body: bytes, **options: Any) -> bool:
    reading = read_body(body, **options)
    account = reading.account
    assert account.received == account.used + account.not_read + sum(account.rejected.values())
    assert all(one.expression.startswith("Bundle.entry[") and one.text for one in reading.rejections)
    safety = [one.safety for one in reading.rejections]
    assert safety == sorted(safety, reverse=True)
    return any(
        answer.item is Item.PHQ9_9 and answer.value == 2 and answer.source.reference == "Observation/alarm"
        for answer in reading.chart.answers
    )


def test_rich_bundle_is_read_as_it_stands() -> None:
    body = json.dumps(changed([])).encode()
    assert is_alarmed(body)
    assert is_alarmed(body, strict=True)
    chart = read_body(body).chart
    assert all(
        (chart.scores, chart.results, chart.records, chart.exposures, chart.flags, chart.plans, chart.not_covered)
    )


@given(st.lists(st.tuples(st.sampled_from(PATHS), ODD), min_size=1, max_size=4))
def test_h01_no_change_elsewhere_loses_a_positive_answer(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    # A change may make a second patient, and then nothing is read: that is loud, not lost.
    with contextlib.suppress(MixedPatients):
        assert is_alarmed(json.dumps(changed(changes)).encode())


@given(st.lists(st.tuples(st.sampled_from(PATHS), ODD), min_size=1, max_size=2), st.booleans())
def test_strict_reading_raises_problems_only(changes: list[tuple[tuple[Any, ...], Any]], strict: bool) -> None:
    with contextlib.suppress(Problem):
        is_alarmed(json.dumps(changed(changes)).encode(), strict=strict)


@given(st.binary(max_size=200) | st.recursive(ODD, lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["resourceType", "entry", "resource", "parameter", "name", "type", "link"]), inner
), max_leaves=12).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_body_is_read_or_refused_in_words(body: bytes) -> None:
    for wrapped in (False, True):
        with contextlib.suppress(Problem):
            request = read_request(wrap(body) if wrapped else body)
            if request.bundle is not None:
                read_bundle(request.bundle, Terminology.default(), UTC)


@given(st.permutations(range(len(RICH["entry"]))))
def test_order_of_entries_changes_no_fact(order: list[int]) -> None:
    def facts(body: dict[str, Any]) -> list[Any]:
        chart = read_body(json.dumps(body).encode()).chart
        found: list[Any] = [*chart.scores, *chart.answers, *chart.results, *chart.records, *chart.exposures]
        return sorted(repr((one[0], one[1], one.source.reference, getattr(one, "first", None))) for one in found)

    shuffled = {**RICH, "entry": [RICH["entry"][index] for index in order]}
    assert facts(shuffled) == facts(RICH)
