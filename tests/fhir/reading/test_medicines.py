"""Medicines: which ingredient, by which route, from when to when."""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.domain.concepts import DrugGroup
from service.domain.days import AsOf
from service.domain.facts import Exposure
from tests.fhir.reading.feeding import concept, day, read, refused, resource

HERE = "Bundle.entry[0].resource"
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
SNOMED, UCUM = "http://snomed.info/sct", "http://unitsofmeasure.org"
NATALIZUMAB, SERTRALINE, PREDNISONE, HYDROCORTISONE = "354770", "36437", "8640", "5492"
ORAL, TOPICAL = "26643006", "6064005"


def exposure_of(*resources: dict[str, Any]) -> Exposure:
    (exposure,) = read(*resources).chart.exposures
    return exposure


def drug(code: str = SERTRALINE, system: str = RXNORM, **more: Any) -> dict[str, Any]:
    return {"medicationCodeableConcept": concept(code, system, **more)}


def request(**more: Any) -> dict[str, Any]:
    made = {"status": "active", "intent": "order", "authoredOn": "2026-01-10", **drug(), **more}
    return resource("MedicationRequest", "m", **made)


def statement(**more: Any) -> dict[str, Any]:
    return resource("MedicationStatement", "m", **{"status": "active", **drug(), **more})


def administration(**more: Any) -> dict[str, Any]:
    made = {"status": "completed", "effectiveDateTime": "2026-01-10", **drug(NATALIZUMAB), **more}
    return resource("MedicationAdministration", "m", **made)


def dispense(**more: Any) -> dict[str, Any]:
    made = {"status": "completed", "whenHandedOver": "2026-01-10", **drug(), **more}
    return resource("MedicationDispense", "m", **made)


def days(number: float, unit: str = "d") -> dict[str, Any]:
    return {"value": number, "unit": unit, "system": UCUM, "code": unit}


def bounds(**more: Any) -> list[dict[str, Any]]:
    return [{"timing": {"repeat": more}}]


@pytest.mark.parametrize(
    ("resource_given", "start", "end", "stated"),
    [
        (request(), "2026-01-10", None, False),
        (request(status="completed"), "2026-01-10", "2026-02-09", False),
        (request(dispenseRequest={"validityPeriod": {"start": "2026-01-05"}}), "2026-01-05", None, True),
        (request(dispenseRequest={"expectedSupplyDuration": days(28)}), "2026-01-10", "2026-02-07", False),
        (
            request(dispenseRequest={"expectedSupplyDuration": days(28), "numberOfRepeatsAllowed": 2}),
            "2026-01-10",
            "2026-04-04",
            False,
        ),
        (
            request(dosageInstruction=bounds(boundsPeriod={"start": "2026-01-12", "end": "2026-01-20"})),
            "2026-01-12",
            "2026-01-20",
            True,
        ),
        (request(dosageInstruction=bounds(boundsPeriod={"start": "2026-01-12"})), "2026-01-12", None, True),
        (request(dosageInstruction=bounds(boundsDuration=days(2, "wk"))), "2026-01-10", "2026-01-24", False),
        (
            request(
                dosageInstruction=[
                    *bounds(boundsPeriod={"start": "2026-01-12", "end": "2026-01-20"}),
                    *bounds(boundsPeriod={"start": "2026-01-21", "end": "2026-02-02"}),
                ]
            ),
            "2026-01-12",
            "2026-02-02",
            True,
        ),
        (
            request(
                dosageInstruction=[
                    *bounds(boundsPeriod={"start": "2026-01-12", "end": "2026-01-20"}),
                    *bounds(boundsDuration=days(30)),
                ]
            ),
            "2026-01-12",
            "2026-02-11",
            True,
        ),
        (statement(effectiveDateTime="2026-01-10"), "2026-01-10", None, True),
        (statement(effectivePeriod={"start": "2026-01-10"}), "2026-01-10", None, True),
        (statement(effectivePeriod={"start": "2026-01-10", "end": "2026-02"}), "2026-01-10", "2026-02-28", True),
        (statement(status="stopped", effectivePeriod={"start": "2026-01-10"}), "2026-01-10", "2026-02-09", True),
        (administration(), "2026-01-10", "2026-02-21", False),
        (
            administration(effectiveDateTime=None, effectivePeriod={"start": "2026-01-10", "end": "2026-01-11"}),
            "2026-01-10",
            "2026-02-22",
            False,
        ),
        (dispense(), "2026-01-10", "2026-02-09", False),
        (dispense(daysSupply=days(90)), "2026-01-10", "2026-04-10", False),
        (dispense(daysSupply={"value": 90}), "2026-01-10", "2026-04-10", False),
        (dispense(whenHandedOver=None, whenPrepared="2026-01-09"), "2026-01-09", "2026-02-08", False),
    ],
)
def test_h18_use_lasts_from_its_start_to_its_end(
    resource_given: dict[str, Any], start: str, end: str | None, stated: bool
) -> None:
    exposure = exposure_of(resource_given)
    assert (exposure.start, exposure.end) == (day(start), day(end) if end else None)
    assert exposure.stated_start is stated


@pytest.mark.parametrize(
    "resource_given",
    [
        request(authoredOn=None),
        statement(),
        statement(effectivePeriod={"end": "2026-01-01"}),
        administration(effectiveDateTime=None),
        dispense(whenHandedOver=None),
    ],
)
def test_use_without_a_start_stays_as_a_candidate(resource_given: dict[str, Any]) -> None:
    exposure = exposure_of(resource_given)
    assert (exposure.start, exposure.end) == (None, None)


@pytest.mark.parametrize(
    ("resource_given", "element"),
    [
        (request(authoredOn="spring"), "authoredOn"),
        (
            request(dosageInstruction=bounds(boundsPeriod={"start": "x"})),
            "dosageInstruction.timing.repeat.boundsPeriod.start",
        ),
        (statement(effectivePeriod={"start": "x"}), "effectivePeriod.start"),
        (dispense(whenHandedOver="x"), "whenHandedOver"),
    ],
)
def test_start_that_is_no_date_is_listed(resource_given: dict[str, Any], element: str) -> None:
    reading = read(resource_given)
    assert refused(reading) == [("invalid-date", f"{HERE}.{element}")]
    assert reading.chart.exposures[0].start is None


AS_OF = AsOf(datetime(2026, 6, 30, 12, tzinfo=UTC), UTC, "UTC")


@pytest.mark.parametrize(
    ("start", "starts"),
    [
        ("2026-06-10", ["2026-06-10"]),
        ("2019", ["2019-12-31"]),
        ("2026-03", ["2026-03-31"]),
        ("2026-05", [None, "2026-05-31"]),
        ("2026-06", [None, "2026-06-30"]),
        ("2026", [None]),
        ("2026-07", ["2026-07-31"]),
    ],
)
def test_h19_start_in_a_month_or_year_counts_from_its_last_day_and_may_be_earlier(
    start: str, starts: list[str | None]
) -> None:
    """Its last day is certain once it is past; while a rule may still ask about the days before, use is open there."""
    reading = read(statement(effectivePeriod={"start": start}), as_of=AS_OF)
    assert [one.start for one in reading.chart.exposures] == [None if one is None else day(one) for one in starts]
    assert {one.text for one in reading.chart.exposures} == {SERTRALINE}


def test_without_an_as_of_no_month_is_long_past() -> None:
    exposures = read(statement(effectivePeriod={"start": "2019"})).chart.exposures
    assert [one.start for one in exposures] == [None, day("2019-12-31")]


def test_end_that_is_no_date_counts_as_none() -> None:
    exposure = exposure_of(statement(effectivePeriod={"start": "2026-01-10", "end": "x"}))
    assert exposure.end is None


@pytest.mark.parametrize(
    "quantity",
    [days(0), days(-3), days(99_999), days(3, "furlong"), {"value": "3"}, {**days(3), "comparator": "<"}],
)
def test_duration_that_makes_no_sense_counts_as_none(quantity: dict[str, Any]) -> None:
    assert exposure_of(dispense(daysSupply=quantity)).end == day("2026-02-09")


@pytest.mark.parametrize("repeats", ["two", -1, 1.5, 100_000])
def test_repeats_that_make_no_sense_count_as_none(repeats: object) -> None:
    supply = {"expectedSupplyDuration": days(28), "numberOfRepeatsAllowed": repeats}
    assert exposure_of(request(dispenseRequest=supply)).end == day("2026-02-07")


@pytest.mark.parametrize(
    ("resource_given", "reason", "element"),
    [
        (request(doNotPerform=True), "do-not-perform", "doNotPerform"),
        (request(intent="plan"), "intent", "intent"),
        (request(intent="proposal"), "intent", "intent"),
        (request(intent=None), "intent", "intent"),
        (request(status="draft"), "status-draft", "status"),
        (request(status="entered-in-error"), "status-entered-in-error", "status"),
        (request(status="cancelled"), "status-cancelled", "status"),
        (statement(status="not-taken"), "not-done", "status"),
        (statement(status="intended"), "status-intended", "status"),
        (administration(status="not-done"), "not-done", "status"),
        (dispense(status="in-progress"), "status-other", "status"),
    ],
)
def test_h18_what_was_not_used_is_no_exposure(resource_given: dict[str, Any], reason: str, element: str) -> None:
    reading = read(resource_given)
    assert reading.chart.exposures == ()
    assert refused(reading) == [(reason, f"{HERE}.{element}")]
    assert reading.chart.medicines_sent == 0


@pytest.mark.parametrize(
    ("resource_given", "reason"),
    [
        (request(status="unknown"), "status-unknown"),
        (request(status=None), "status-other"),
        (administration(status="unknown"), "status-unknown"),
        (administration(status="x"), "status-other"),
        (dispense(status="unknown"), "status-unknown"),
    ],
)
def test_h18_status_that_leaves_the_use_open_keeps_a_candidate(resource_given: dict[str, Any], reason: str) -> None:
    reading = read(resource_given)
    (exposure,) = reading.chart.exposures
    assert (exposure.start, exposure.end) == (None, None)
    assert refused(reading) == [(reason, f"{HERE}.status")]
    assert (reading.chart.medicines_sent, reading.account.used) == (1, 0)


def test_medicine_of_the_wrong_type_was_sent_as_well() -> None:
    assert read(request(status=5)).chart.medicines_sent == 1


@pytest.mark.parametrize("intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order"])
def test_every_kind_of_order_counts(intent: str) -> None:
    assert exposure_of(request(intent=intent)).ingredient == "sertraline"


def test_retracted_medicine_is_remembered() -> None:
    assert read(request(status="entered-in-error")).chart.retracted == {"MedicationRequest/m"}


@pytest.mark.parametrize(
    ("code", "system", "group"),
    [
        (NATALIZUMAB, RXNORM, DrugGroup.MS_DMT_OTHER),
        ("L04AG03", ATC, DrugGroup.MS_DMT_OTHER),
        ("L04AA23", ATC, DrugGroup.MS_DMT_OTHER),
        ("L04AC19", ATC, DrugGroup.IL6_INHIB),
        ("J01CA04", ATC, DrugGroup.ANTIBIOTIC),
        ("N06AB06", ATC, DrugGroup.ANTIDEPRESSANT),
        ("N06AX99", ATC, DrugGroup.ANTIDEPRESSANT),
        ("H02AB07", ATC, DrugGroup.STEROID_SYSTEMIC),
    ],
)
def test_h18_ingredient_is_known_by_old_and_new_codes(code: str, system: str, group: DrugGroup) -> None:
    assert exposure_of(statement(effectiveDateTime="2026-01-10", **drug(code, system))).group is group


def medication(name: str | None = "med", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": name, **more}


def test_medication_is_found_contained_in_the_bundle_and_by_identifier() -> None:
    inner = medication(code=concept(SERTRALINE, RXNORM, text="sertraline 50 mg"))
    contained = {"medicationReference": {"reference": "#med"}, "contained": [inner]}
    exposure = exposure_of(request(medicationCodeableConcept=None, **contained))
    assert (exposure.ingredient, exposure.text) == ("sertraline", "sertraline 50 mg")
    reading = read(request(medicationCodeableConcept=None, medicationReference={"reference": "Medication/med"}), inner)
    assert (reading.chart.exposures[0].ingredient, reading.account.used) == ("sertraline", 2)
    named = medication(None, identifier=[{"system": "http://p", "value": "7"}], code=inner["code"])
    reference = {"type": "Medication", "identifier": {"system": "http://p", "value": "7"}}
    reading = read(request(medicationCodeableConcept=None, medicationReference=reference), named)
    assert reading.chart.exposures[0].ingredient == "sertraline"


def test_medication_is_known_by_its_ingredients() -> None:
    parts = [
        {"itemCodeableConcept": concept(PREDNISONE, RXNORM)},
        {"itemReference": {"reference": "#inner"}},
        {"itemReference": {"reference": "#gone"}},
        {"itemCodeableConcept": concept("1256", RXNORM), "modifierExtension": [{"url": "http://x"}]},
    ]
    contained = [medication(ingredient=parts), medication("inner", code=concept(SERTRALINE, RXNORM))]
    reading = read(
        request(medicationCodeableConcept=None, medicationReference={"reference": "#med"}, contained=contained)
    )
    assert {exposure.ingredient for exposure in reading.chart.exposures} == {"prednisone", "sertraline"}


def test_h18_medicine_without_a_known_code_is_listed_by_its_text() -> None:
    reading = read(
        request(medicationCodeableConcept={"text": "Sertraline 50 mg tablets"}),
        statement(id="b", medicationCodeableConcept=None, medicationReference={"display": "Herbal tea"}),
        statement(id="c", medicationCodeableConcept=None),
        statement(id="d", effectiveDateTime="2026-02-01"),
        dispense(id="e"),
    )
    chart = reading.chart
    assert chart.unrecognised_medicines == ("Sertraline 50 mg tablets", "Herbal tea", "a medicine without a name")
    assert (chart.medicines_sent, chart.medicines_recognised) == (4, 1)
    assert chart.oldest_medicine == day("2026-01-10")
    assert reading.account.not_read == 3


def test_medication_that_may_mean_something_else_is_not_recognised() -> None:
    inner = medication(code=concept(SERTRALINE, RXNORM), modifierExtension=[{"url": "http://x"}])
    reading = read(
        request(medicationCodeableConcept=None, medicationReference={"reference": "#med"}, contained=[inner])
    )
    assert (reading.chart.exposures, reading.chart.medicines_recognised) == ((), 0)


def steroid(code: str, route: object = None, extra: tuple[str, ...] = (), system: str = RXNORM) -> Exposure:
    codings = [{"system": system, "code": code}, *({"system": ATC, "code": one} for one in extra)]
    dosage = [{"route": route}] if route else [{}]
    return exposure_of(
        statement(effectiveDateTime="2026-01-10", medicationCodeableConcept={"coding": codings}, dosage=dosage)
    )


@pytest.mark.parametrize(
    ("exposure", "systemic"),
    [
        (steroid(PREDNISONE), True),
        (steroid(PREDNISONE, concept(ORAL, SNOMED)), True),
        (steroid(PREDNISONE, concept(TOPICAL, SNOMED)), False),
        (steroid(PREDNISONE, {"text": "eye drops"}), True),
        (steroid(HYDROCORTISONE), False),
        (steroid(HYDROCORTISONE, concept(ORAL, SNOMED)), True),
        (steroid(HYDROCORTISONE, concept(TOPICAL, SNOMED)), False),
        (steroid(HYDROCORTISONE, None, ("H02AB09",)), True),
        (steroid(HYDROCORTISONE, concept(ORAL, SNOMED), ("D07AA02",)), False),
        (steroid(PREDNISONE, None, ("D07AA03",)), False),
        (steroid("H02AB09", concept(TOPICAL, SNOMED), (), ATC), True),
    ],
)
def test_steroid_is_systemic_by_code_or_route(exposure: Exposure, systemic: bool) -> None:
    assert (exposure.group, exposure.systemic) == (DrugGroup.STEROID_SYSTEMIC, systemic)


def test_one_systemic_route_among_several_is_enough() -> None:
    dosage = [{"route": concept(TOPICAL, SNOMED)}, {"route": concept(ORAL, SNOMED)}]
    made = statement(effectiveDateTime="2026-01-10", **drug(PREDNISONE), dosage=dosage)
    assert exposure_of(made).systemic
    assert not exposure_of(administration(**drug(PREDNISONE), dosage={"route": concept(TOPICAL, SNOMED)})).systemic


MODIFIER = {"modifierExtension": [{"url": "http://x"}]}


@pytest.mark.parametrize(
    ("made", "element"),
    [
        (request(dosageInstruction=[MODIFIER]), "dosageInstruction"),
        (request(dosageInstruction=[{"timing": MODIFIER}]), "dosageInstruction"),
        (request(dispenseRequest=MODIFIER), "dispenseRequest"),
        (statement(effectiveDateTime="2026-01-10", dosage=[MODIFIER]), "dosage"),
    ],
)
def test_modifier_inside_a_record_leaves_a_candidate(made: dict[str, Any], element: str) -> None:
    reading = read(made)
    assert reading.chart.exposures[0].start is None
    assert refused(reading) == [("modifier-extension", f"{HERE}.{element}")]


def test_offset_of_the_start_is_kept() -> None:
    exposure = exposure_of(request(authoredOn="2026-01-10T23:00:00-05:00"))
    assert (exposure.start, exposure.instant) == (day("2026-01-10"), 1768104000.0)
