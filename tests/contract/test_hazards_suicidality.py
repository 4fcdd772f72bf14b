"""Hazards by which a suicide alert could be lost: is every positive answer found, in whatever shape it comes?"""

from __future__ import annotations

from typing import Any

import pytest

from service.terminology import LOINC
from service.terminology.systems import MEASURAND
from tests.contract import patients as p
from tests.contract.answers import evidence_of, stored, tell

RECORDED, NOT_READABLE = "suicidality-recorded", "suicidality-not-readable"

_FORM = {
    "resourceType": "QuestionnaireResponse",
    "id": "form",
    "status": "completed",
    "subject": {"reference": p.SUBJECT},
}
_POSITIVE = {"valueCodeableConcept": p.coded(LOINC, "LA6569-3")}


def _component(**value: Any) -> dict[str, Any]:
    return {"code": p.coded(LOINC, p.ITEM_9), **value}


def _inside(kind: str) -> dict[str, Any]:
    inner = {
        "resourceType": "Observation",
        "id": "nine",
        "status": "final",
        "code": p.coded(LOINC, p.ITEM_9),
    } | _POSITIVE
    inner |= {"effectiveDateTime": p.day(3), "subject": {"reference": p.SUBJECT}}
    outer = p.observation("outer", p.PHQ9_PANEL, 3) | {"resourceType": kind, "contained": [inner]}
    return outer | {"result" if kind == "DiagnosticReport" else "hasMember": [{"reference": "#nine"}]}


POSITIVES: dict[str, dict[str, Any]] = {
    "coded answer": p.answer(1, 3),
    "integer": p.answer(0, 3, valueCodeableConcept=None, valueInteger=1),
    "quantity": p.answer(0, 3, valueCodeableConcept=None, valueQuantity={"value": 2}),
    "number in a string": p.answer(0, 3, valueCodeableConcept=None, valueString="3"),
    "component of a panel": p.observation("panel", p.PHQ9_PANEL, 3, component=[_component(**_POSITIVE)]),
    "component of an Observation with an unknown code": p.observation(
        "odd", "0000-0", 3, component=[_component(valueInteger=1)]
    ),
    "contained in a report": _inside("DiagnosticReport"),
    "contained in a panel": _inside("Observation"),
    "preliminary": p.answer(1, 3, status="preliminary"),
    "status unknown": p.answer(1, 3, status="unknown"),
    "amended": p.answer(1, 3, status="amended"),
    "with a reason for absence beside it": p.answer(1, 3, dataAbsentReason=p.coded("x", "unknown")),
    "CMS presence": p.said("54652-3", 3),
    "CMS presence as boolean": p.said("54652-3", 3, valueCodeableConcept=None, valueBoolean=True),
    "CMS frequency": p.answer(1, 3, "54653-1"),
    "C-SSRS wish to be dead": p.said("93246-7", 3),
    "C-SSRS plan": p.said("93250-9", 3),
    "C-SSRS behaviour, no word on when": p.said("93267-3", 3),
    "C-SSRS risk level": p.said("93374-7", 3, "LA9193-9"),
    "suicidal thoughts as a Condition": p.condition("6471006", 3),
    "suicidal ideation in ICD-10-CM": p.condition("R45.851", 3),
    "suicidality as an Observation": p.observation("s", "267073005", 3, "http://snomed.info/sct"),
    "attempt 90 days ago, resolved": p.condition("T14.91XA", 90, status="resolved"),
    "reason of an encounter": {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "subject": {"reference": p.SUBJECT},
        "period": {"start": p.day(3)},
        "reasonCode": [p.coded("http://snomed.info/sct", "82313006")],
    },
    "reason of a visit not yet begun": {
        "resourceType": "Encounter",
        "id": "e",
        "status": "triaged",
        "subject": {"reference": p.SUBJECT},
        "period": {"start": p.day(3)},
        "reasonCode": [p.coded("http://snomed.info/sct", "82313006")],
    },
    "conclusion of a report that is not final": {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "preliminary",
        "subject": {"reference": p.SUBJECT},
        "effectiveDateTime": p.day(3),
        "conclusionCode": [p.coded("http://snomed.info/sct", "6471006")],
    },
    "an answer with a reason for none among its codes": p.answer(
        0,
        3,
        valueCodeableConcept={
            "coding": [
                {"system": LOINC, "code": "LA6569-3"},
                {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"},
            ]
        },
    ),
    "some day of this month": p.answer(1, 3, effectiveDateTime="2026-11"),
    "form by linkId": _FORM
    | {
        "authored": p.day(3),
        "item": [{"linkId": "/44260-8", "answer": [{"valueCoding": {"system": LOINC, "code": "LA6570-1"}}]}],
    },
    "form not finished": _FORM
    | {
        "authored": p.day(3),
        "status": "in-progress",
        "item": [{"linkId": "93249-1", "answer": [{"valueBoolean": True}]}],
    },
    "total that cannot come from eight items": p.score(25, 3),
    "total of teenagers": p.score(27, 3, p.PHQA),
}


@pytest.mark.parametrize("shape", POSITIVES)
@pytest.mark.parametrize("born", ["1980-01-01", "2014-01-01", None], ids=["adult", "child", "age unknown"])
def test_a_positive_answer_is_found_in_every_shape_at_every_age(shape: str, born: str | None) -> None:
    told = tell(POSITIVES[shape], born=born)
    assert told.verdicts[RECORDED] == "MET"
    assert (RECORDED, "active", "PH") in told.states()
    assert told.urgent
    assert told.text(RECORDED).count("Same-day assessment of safety by a qualified clinician is advised") == 1


@pytest.mark.parametrize("shape", POSITIVES)
def test_a_later_not_at_all_cancels_nothing(shape: str) -> None:
    assert (RECORDED, "active", "PH") in tell(POSITIVES[shape], p.answer(0, 0), p.said("93246-7", 0, p.NO)).states()


UNREADABLE: dict[str, dict[str, Any]] = {
    "words": p.answer(0, 3, valueCodeableConcept=None, valueString="sometimes"),
    "a code of another scale": p.said(p.ITEM_9, 3, "LA9194-7"),
    "out of range": p.answer(0, 3, valueCodeableConcept=None, valueInteger=4),
    "a comparator": p.answer(0, 3, valueCodeableConcept=None, valueQuantity={"value": 1, "comparator": "<"}),
    "no value": p.answer(0, 3, valueCodeableConcept=None),
    "absent with a reason": p.answer(0, 3, valueCodeableConcept=None, dataAbsentReason=p.coded("x", "unknown")),
    "declined": p.answer(0, 3, valueCodeableConcept=None, dataAbsentReason=p.coded("x", "asked-declined")),
    "a misspelt code system": p.answer(1, 3) | {"code": p.coded("https://loinc.org", p.ITEM_9)},
    "no code system": p.answer(1, 3) | {"code": {"coding": [{"code": p.ITEM_9}]}},
    "a misspelt resource type": p.answer(1, 3, resourceType="Observaton"),
    "two values": p.answer(0, 3, valueInteger=2),
    "a Condition under a misspelt code system": p.condition("6471006", 3)
    | {"code": p.coded("http://snomed.info/sct/", "6471006")},
    "a value of the wrong type": p.answer(0, 3, valueCodeableConcept="yes"),
    "a modifier nobody knows": p.answer(
        1, 3, modifierExtension=[{"url": "http://example.org/x", "valueBoolean": True}]
    ),
    "positive with a year for a date": p.answer(1, 3, effectiveDateTime="2026"),
    "positive without a date": p.answer(1, None),
    "positive without a subject, beside others with one": p.answer(1, 3, subject=None),
    "total of 20": p.score(20, 3),
    "total of 24": p.score(24, 3),
    "total of 24 beside eight items": p.observation(
        "panel",
        p.PHQ9_PANEL,
        3,
        component=[
            {"code": p.coded(LOINC, p.PHQ9), "valueInteger": 24},
            *({"code": p.coded(LOINC, code), "valueInteger": 3} for code in p.PHQ9_ITEMS[:8]),
        ],
    ),
    "positive 40 days ago and nothing since": p.answer(2, 40),
}


@pytest.mark.parametrize("shape", UNREADABLE)
def test_what_cannot_be_read_or_placed_is_said_and_never_taken_for_a_no(shape: str) -> None:
    told = tell(p.score(4, 60), UNREADABLE[shape])
    assert told.verdicts[RECORDED] == "UNKNOWN"
    assert (NOT_READABLE, "active", "PM") in told.states()
    assert "neither a 'yes' nor a 'no'" in told.text(NOT_READABLE)


def test_eight_items_that_add_up_to_the_total_do_not_answer_the_ninth() -> None:
    others = [p.answer(3, 3, code) for code in p.PHQ9_ITEMS[:8]]
    for ninth, told in ((None, "UNKNOWN"), (p.answer(0, 3), "NOT_MET")):
        found = tell(p.score(24, 3), *others, *([ninth] if ninth else []))
        assert found.verdicts[RECORDED] == told
        assert ((NOT_READABLE, "active", "PM") in found.states()) == (ninth is None)


@pytest.mark.parametrize(
    "resource",
    [p.score(19, 3), p.score(14, 3, MEASURAND), p.crp(2, 3), p.said("93246-7", 3, p.NO)],
    ids=lambda one: one["id"],
)
def test_not_asked_is_not_no(resource: dict[str, Any]) -> None:
    if resource["code"]["coding"][0]["code"] == MEASURAND:
        resource = p.observation("phq-8", "phq-8", 3, MEASURAND, valueInteger=24)
    told = tell(resource)
    assert told.verdicts[RECORDED] == "UNKNOWN"
    assert "no readable answer" in told.why(RECORDED)


@pytest.mark.parametrize(
    "resources",
    [
        (p.answer(0, 3),),
        (p.said("54652-3", 3, p.NO),),
        (p.said("93246-7", 3, p.NO), p.said("93247-5", 3, p.NO)),
    ],
    ids=["item 9", "CMS item 9", "C-SSRS 1 and 2"],
)
def test_no_is_told_only_by_a_readable_no(resources: tuple[dict[str, Any], ...]) -> None:
    assert tell(*resources).verdicts[RECORDED] == "NOT_MET"


def test_behaviour_of_long_ago_is_less_urgent_and_says_so() -> None:
    told = tell(p.said("93267-3", 3), p.said("93269-9", 3, p.NO))
    assert told.states()[0] == (RECORDED, "active", "PM")
    assert "more than 3 months ago" in told.text(RECORDED)


def test_a_missing_member_of_a_panel_is_not_an_answer() -> None:
    members = [{"reference": f"Observation/{p.ITEM_9}-3"}, {"reference": "Observation/not-sent"}]
    told = tell(p.observation("panel", p.PHQ9_PANEL, 3, hasMember=members), p.score(22, 3))
    assert told.states()[0] == (NOT_READABLE, "active", "PM")


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_withdrawn_answers_are_dropped_and_counted(status: str) -> None:
    told = tell(p.answer(3, 3, status=status), p.answer(0, 4))
    assert told.verdicts[RECORDED] == "NOT_MET"
    assert told.account["rejected"] == {f"status-{status}": 1}


def test_a_correction_replaces_what_it_corrects() -> None:
    wrong = p.answer(3, 3, name="nine", meta={"versionId": "1"})
    right = p.answer(0, 3, name="nine", status="corrected", meta={"versionId": "2"})
    for order in ((wrong, right), (right, wrong)):
        told = tell(*order)
        assert told.verdicts[RECORDED] == "NOT_MET"
        assert told.account["rejected"] == {"superseded": 1}


def test_a_flag_whose_evidence_is_withdrawn_becomes_an_error_and_not_a_past_fact() -> None:
    nine = p.answer(3, 3)
    flag = stored(tell(nine).flag(RECORDED), "flag-1")
    told = tell(nine | {"status": "entered-in-error"}, flag)
    assert told.states() == [(RECORDED, "entered-in-error", "PH")]
    assert not told.urgent


def test_a_flag_whose_evidence_is_merely_absent_stays() -> None:
    flag = stored(tell(p.answer(3, 3)).flag(RECORDED), "flag-1")
    told = tell(p.answer(0, 1), flag)
    assert told.flags == [flag]
    assert told.urgent


def test_a_withdrawn_condition_is_dropped() -> None:
    told = tell(
        p.condition("6471006", 3, verificationStatus={"coding": [{"code": "entered-in-error"}]}), p.answer(0, 3)
    )
    assert told.verdicts[RECORDED] == "NOT_MET"


def test_declined_is_shown_as_declined() -> None:
    assert "declined" in tell(UNREADABLE["declined"]).text(NOT_READABLE)


def test_every_positive_of_a_day_is_one_flag_that_names_them_all() -> None:
    told = tell(p.answer(2, 3), p.said("93247-5", 3), p.answer(1, 9, name="earlier"))
    flags = [flag for flag in told.flags if flag["status"] == "active"]
    assert [flag["period"]["start"] for flag in flags] == [p.day(9), p.day(3)]
    assert evidence_of(flags[1]) == ["Observation/44260-8-3", "Observation/93247-5-3"]
