"""Is a Flag what a clinician and a server need, and does a received one keep what is not ours?"""

import json
from typing import Any

import pytest

from service.domain.facts import Chart, Source
from service.domain.findings import FlagState
from service.domain.rule import Priority
from service.domain.wording import FOOTER
from service.fhir.addresses import CLOSED_BY_RULE, FLAG_DETAIL, FLAG_PRIORITY, INSTANTIATES
from tests.fhir.conformance.checking import problems
from tests.fhir.writing.assessments import (
    DISEASE,
    MARKER,
    MOOD,
    PATIENT,
    QUIET,
    SCORE,
    TODAY,
    answer,
    assessment,
    finding,
    prior_flag,
    proposal,
    reading,
)
from tests.fhir.writing.documents import entries, extensions, of_type, outcome, texts

HTEST = ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST", "test health data")
RESTRICTED = ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "R", "")


def written(**changes: Any) -> dict[str, Any]:
    body = answer(assessment(finding(**changes)))
    assert problems(body) == []
    (flag,) = of_type(body, "Flag")
    return flag


def sent_back(**changes: Any) -> dict[str, Any]:
    """A Flag as this service wrote it and a server stored it."""
    stored = {"id": "7", "meta": {"versionId": "3", "lastUpdated": "2026-06-21T08:00:00Z"}}
    return of_type(answer(assessment(finding(**changes))), "Flag")[0] | stored


def revised(received: dict[str, Any], as_: str = "collection", **changes: Any) -> tuple[list[dict[str, Any]], bytes]:
    """The entries when `received` came with the data and the finding says something else."""
    flag = finding(**changes)
    flag.prior = prior_flag(finding())
    raw = {flag.prior.entry: json.dumps(received).encode()}
    body = answer(assessment(flag), reading(prior_flags_raw=raw), as_=as_)
    assert problems(body) == []
    return [entry for entry in entries(body) if entry["resource"]["resourceType"] == "Flag"], body


def test_says_what_where_and_since_when() -> None:
    flag = written()
    assert flag["status"] == "active"
    assert flag["code"] == {
        "coding": [
            {
                "system": "https://moodmarker.org/fhir/CodeSystem/rule",
                "code": "depression-with-low-grade-inflammation",
                "display": "Depression with low-grade inflammation",
            }
        ],
        "text": finding().sentence,
    }
    assert [category["coding"][0]["code"] for category in flag["category"]] == ["lab", "behavioral"]
    assert flag["subject"] == {"reference": "Patient/anna"}
    assert flag["period"] == {"start": "2026-06-20"}
    assert flag["author"]["identifier"]["value"] == "moodmarker"
    assert "id" not in flag


def test_carries_priority_each_piece_of_evidence_and_its_rule() -> None:
    flag = written(priority=Priority.PH)
    ((priority,), details, (rule,)) = (extensions(flag, url) for url in (FLAG_PRIORITY, FLAG_DETAIL, INSTANTIATES))
    assert priority["valueCodeableConcept"]["coding"][0]["code"] == "PH"
    assert [one["valueReference"]["reference"] for one in details] == ["Observation/phq9", "Observation/crp"]
    assert (
        rule["valueCanonical"]
        == "https://moodmarker.org/fhir/PlanDefinition/depression-with-low-grade-inflammation|1.0.0"
    )
    assert extensions(flag, CLOSED_BY_RULE) == []


def test_narrative_is_escaped_and_ends_in_the_footer_once() -> None:
    flag = written(sentence="<script>alert(1)</script> & more \x07")
    div = flag["text"]["div"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more \ufffd" in div
    assert div.count(FOOTER) == 1
    assert written(sentence=f"Mood fell. {FOOTER}")["text"]["div"].count(FOOTER) == 1
    assert flag["code"]["text"].endswith("\ufffd")
    # Signs that turn the order of what follows would let a display say something else than it does.
    turned = written(sentence="drug \u202edcba\u202c \u2066x\u2069, שלום\u200f")
    assert turned["code"]["text"] == "drug \ufffddcba\ufffd \ufffdx\ufffd, שלום\u200f"


def test_evidence_without_an_id_is_named_by_identifier_display_or_place() -> None:
    sources = (
        Source("", "Bundle.entry[1].resource", identifier=("urn:lab", "A-1")),
        Source("", "Bundle.entry[2].resource", identifier=("", "A-2")),
        Source("", "Bundle.entry[3].resource", display="CRP of 3 June"),
        Source("", "Bundle.entry[4].resource", "Condition"),
    )
    details = extensions(written(evidence=sources), FLAG_DETAIL)
    assert [one["valueReference"] for one in details] == [
        {"type": "Observation", "identifier": {"system": "urn:lab", "value": "A-1"}},
        {"type": "Observation", "identifier": {"value": "A-2"}},
        {"type": "Observation", "display": "CRP of 3 June"},
        {"type": "Condition", "display": "Condition without id at Bundle.entry[4].resource"},
    ]


def test_carries_the_union_of_the_labels_of_its_evidence() -> None:
    sources = (SCORE._replace(labels=(HTEST,)), MARKER._replace(labels=(RESTRICTED, HTEST)))
    assert [one["code"] for one in written(evidence=sources)["meta"]["security"]] == ["HTEST", "R"]
    assert "meta" not in written()


def test_carries_the_label_of_a_made_up_patient_and_no_other_of_the_patient() -> None:
    made_up = Chart(PATIENT._replace(labels=(RESTRICTED, HTEST)), entries=5)
    (flag,) = of_type(answer(assessment(finding(), chart=made_up)), "Flag")
    assert [one["code"] for one in flag["meta"]["security"]] == ["HTEST"]
    evidence = (SCORE._replace(labels=(RESTRICTED, HTEST)),)
    (flag,) = of_type(answer(assessment(finding(evidence=evidence), chart=made_up)), "Flag")
    assert [one["code"] for one in flag["meta"]["security"]] == ["R", "HTEST"]


@pytest.mark.parametrize("reference", ["Patient/a\x07", "Patient/a\r\nb", "Patient/a b", "urn:x\u2028"])
def test_a_subject_that_no_reference_may_hold_is_told_as_an_identifier(reference: str) -> None:
    chart = Chart(PATIENT._replace(key=reference, reference=reference), entries=5)
    body = answer(assessment(finding(), chart=chart))
    (flag,) = of_type(body, "Flag")
    assert "reference" not in flag["subject"]
    assert flag["subject"]["identifier"]["value"].startswith(("Patient/a", "urn:x"))
    assert "\x07" not in flag["subject"]["identifier"]["value"]


def test_an_undated_finding_has_no_period() -> None:
    assert "period" not in written(start=None, identifier="undated-one")


def test_a_received_flag_that_says_the_same_is_left_out_of_a_transaction() -> None:
    received = sent_back()
    assert revised(received, "transaction")[0] == []
    (entry,), _ = revised(received)
    assert entry["resource"] == received


def test_only_what_is_ours_is_changed() -> None:
    foreign = {"url": "urn:site:seen", "valueDecimal": 1.10}
    received = sent_back() | {"encounter": {"reference": "Encounter/1"}, "language": "en"}
    received["extension"] = [foreign, *received["extension"]]
    received["code"] = received["code"] | {"extension": [{"url": "urn:site:code", "valueString": "x"}]}
    (entry,), body = revised(received, "transaction", sentence="CRP rose to 8.", evidence=(SCORE, MARKER, DISEASE))
    flag = entry["resource"]
    assert entry["request"] == {"method": "PUT", "url": "Flag/7", "ifMatch": 'W/"3"'}
    assert flag["code"]["text"] == "CRP rose to 8."
    assert flag["extension"][0] == foreign
    assert b'"valueDecimal":1.1' in body
    assert len(extensions(flag, FLAG_DETAIL)) == 3
    same = set(received) - {"extension", "code", "text"}
    assert {name: flag[name] for name in same} == {name: received[name] for name in same}
    assert flag["code"]["extension"] == received["code"]["extension"]


def test_a_decimal_that_is_not_ours_keeps_its_digits() -> None:
    received = json.dumps(sent_back()).replace('"status"', '"modifierNote": {"value": 1.10e0}, "status"').encode()
    flag = finding(sentence="Another.")
    flag.prior = prior_flag(flag)
    body = answer(assessment(flag), reading(prior_flags_raw={flag.prior.entry: received}))
    assert b'"modifierNote":{"value":1.10e0}' in body


def test_an_unversioned_flag_is_put_without_a_condition_and_one_without_id_by_its_identifier() -> None:
    received = sent_back()
    del received["meta"]
    (entry,), _ = revised(received, "transaction", sentence="Another.")
    assert entry["request"] == {"method": "PUT", "url": "Flag/7"}
    del received["id"]
    (entry,), _ = revised(received, "transaction", sentence="Another.")
    value = received["identifier"][0]["value"]
    assert entry["request"] == {
        "method": "PUT",
        "url": f"Flag?identifier=https://moodmarker.org/fhir/sid/flag|{value}",
    }


def test_a_flag_that_its_rule_closes_says_so_and_still_names_its_evidence() -> None:
    changes: dict[str, Any] = {
        "state": FlagState.INACTIVE,
        "end": TODAY,
        "closed_reason": "cleared",
        "evidence": (),
        "sentence": "No longer open.",
    }
    (entry,), _ = revised(sent_back(), **changes)
    flag = entry["resource"]
    assert flag["status"] == "inactive"
    assert flag["period"] == {"start": "2026-06-20", "end": "2026-06-30"}
    (closed,) = extensions(flag, CLOSED_BY_RULE)
    assert closed["extension"] == [{"url": "reason", "valueString": "cleared"}]
    named = [one["valueReference"]["reference"] for one in extensions(flag, FLAG_DETAIL)]
    assert named == ["Observation/phq9", "Observation/crp"]
    assert FOOTER in flag["text"]["div"]


def test_a_flag_that_opens_again_loses_its_end_and_its_closing_mark() -> None:
    closed = revised(sent_back(), state=FlagState.INACTIVE, end=TODAY, closed_reason="cleared")[0][0]["resource"]
    (entry,), _ = revised(closed)
    assert entry["resource"]["status"] == "active"
    assert entry["resource"]["period"] == {"start": "2026-06-20"}
    assert extensions(entry["resource"], CLOSED_BY_RULE) == []


def test_a_withdrawn_flag_is_entered_in_error_by_us() -> None:
    changes: dict[str, Any] = {"evidence": (), "sentence": "Withdrawn.", "closed_reason": "withdrawn"}
    (entry,), _ = revised(sent_back(), state=FlagState.RETRACTED, **changes)
    assert entry["resource"]["status"] == "entered-in-error"
    (mark,) = extensions(entry["resource"], CLOSED_BY_RULE)
    assert mark["extension"] == [{"url": "reason", "valueString": "withdrawn"}]


def test_a_start_that_names_the_same_day_stays_as_it_came_until_there_is_an_end() -> None:
    received = sent_back() | {"period": {"start": "2026-06-20T07:00:00+02:00"}}
    assert revised(received, "transaction")[0] == []
    (entry,), _ = revised(received, state=FlagState.INACTIVE, end=TODAY - 10)
    assert entry["resource"]["period"] == {"start": "2026-06-20", "end": "2026-06-20"}


def test_a_flag_never_ends_before_it_starts() -> None:
    (entry,), _ = revised(sent_back(), state=FlagState.INACTIVE, end=TODAY - 20)
    assert entry["resource"]["period"] == {"start": "2026-06-20", "end": "2026-06-20"}


def test_a_period_that_is_no_longer_known_goes() -> None:
    (entry,), _ = revised(sent_back(), start=None, identifier=finding().identifier)
    assert "period" not in entry["resource"]


def test_labels_are_added_and_never_taken_away() -> None:
    held = [{"system": HTEST[0], "code": HTEST[1]}]
    received = sent_back()
    received["meta"]["security"] = held
    (entry,), _ = revised(received, evidence=(SCORE._replace(labels=(HTEST, RESTRICTED)), MARKER))
    assert [one["code"] for one in entry["resource"]["meta"]["security"]] == ["HTEST", "R"]
    assert entry["resource"]["meta"]["versionId"] == "3"
    assert revised(received, "transaction")[0] == []


def test_an_open_flag_is_returned_as_it_came_left_out_of_a_transaction_and_named() -> None:
    received = sent_back() | {"encounter": {"reference": "Encounter/1"}}
    (entry,), body = revised(received, state=FlagState.UNCHANGED, sentence="", evidence=())
    assert entry["resource"] == received
    nothing, sent = revised(received, "transaction", state=FlagState.UNCHANGED, sentence="", evidence=())
    assert nothing == []
    for one in (body, sent):
        assert any("Flag/7" in text and "stays as it is" in text for text in texts(one, "information"))


def test_of_a_flag_that_was_stored_twice_one_is_kept_and_the_other_told() -> None:
    first, second = (
        finding(),
        finding(state=FlagState.INACTIVE, end=TODAY, closed_reason="merged", evidence=()),
    )
    twin = prior_flag(second, source=Source("Flag/8", "Bundle.entry[5].resource", "Flag"))
    first.prior, second.prior = prior_flag(first), twin
    raw = {first.prior.entry: json.dumps(sent_back()).encode()}
    body = answer(assessment(first, second, plan=proposal(first)), reading(prior_flags_raw=raw))
    assert problems(body) == []
    assert [flag["status"] for flag in of_type(body, "Flag")] == ["active"]
    (told,) = [one for one in outcome(body)["issue"] if one["code"] == "duplicate"]
    assert told["expression"] == ["Bundle.entry[5].resource"]
    assert "Flag/8" in told["details"]["text"]


@pytest.mark.parametrize("as_", ["collection", "transaction"])
def test_of_twins_each_is_written_from_what_was_received_of_it(as_: str) -> None:
    first, second = finding(sentence="Another."), finding(state=FlagState.INACTIVE, end=TODAY, closed_reason="merged")
    first.prior, second.prior = prior_flag(first), prior_flag(second, entry=5)
    received = sent_back()
    raw = {0: json.dumps(received).encode(), 5: json.dumps(received | {"id": "8", "language": "de"}).encode()}
    body = answer(assessment(first, second), reading(prior_flags_raw=raw), as_=as_)
    assert [(flag["id"], flag.get("language")) for flag in of_type(body, "Flag")] == [("7", None)]


def test_evidence_keeps_the_address_that_its_server_gave_it() -> None:
    received = sent_back()
    for one in extensions(received, FLAG_DETAIL):
        one["valueReference"]["reference"] = f"http://ehr.example/fhir/{one['valueReference']['reference']}"
    assert revised(received, "transaction")[0] == []
    (entry,), _ = revised(received, "transaction", evidence=(SCORE, DISEASE))
    assert [one["valueReference"]["reference"] for one in extensions(entry["resource"], FLAG_DETAIL)] == [
        "http://ehr.example/fhir/Observation/phq9",
        "Condition/ms",
    ]
    assert "Evidence: Observation/phq9; Condition/ms" in entry["resource"]["text"]["div"]


def test_evidence_that_an_entry_of_a_bundle_was_named_by_is_no_reference_into_our_transaction() -> None:
    received = sent_back()
    sent = "urn:uuid:3fdc72f4-a11d-4a9d-9260-a9f745779e1d"
    received["extension"].append({"url": FLAG_DETAIL, "valueReference": {"reference": sent}})
    closed: dict[str, Any] = {"state": FlagState.INACTIVE, "end": TODAY, "closed_reason": "cleared"}
    (entry,), _ = revised(received, "transaction", **closed)
    named = [one["valueReference"] for one in extensions(entry["resource"], FLAG_DETAIL)]
    assert {"identifier": {"system": "urn:ietf:rfc:3986", "value": sent}} in named
    (entry,), _ = revised(received, **closed)
    assert {"reference": sent} in [one["valueReference"] for one in extensions(entry["resource"], FLAG_DETAIL)]


def test_evidence_that_is_named_by_an_identifier_stays_so() -> None:
    nameless = SCORE._replace(reference="", identifier=("urn:lab", "1"))
    received = of_type(answer(assessment(finding(evidence=(nameless,)))), "Flag")[0] | {"id": "7"}
    assert revised(received, "transaction", evidence=(nameless,))[0] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"withdrawn": ("Observation/phq9",)}, "entered in error), and the rest was not: Observation/phq9."),
        ({"changed": ("Observation/phq9", "Observation/crp")}, "no longer hold: Observation/phq9, Observation/crp."),
    ],
)
def test_an_open_flag_says_what_became_of_its_evidence(changes: dict[str, Any], said: str) -> None:
    _, body = revised(sent_back(), state=FlagState.UNCHANGED, sentence="", evidence=(), **changes)
    (text,) = [text for text in texts(body, "warning") if "Flag/7" in text]
    assert text.endswith(said)
    assert not [text for text in texts(body, "information") if "nothing in the data" in text]


def test_flags_without_an_id_are_told_by_identifier() -> None:
    kept, twin = finding(state=FlagState.UNCHANGED, sentence="", evidence=()), finding(state=FlagState.UNCHANGED)
    nowhere = Source("", "Bundle.entry[5].resource", "Flag")
    kept.prior, twin.prior = prior_flag(kept, source=nowhere), prior_flag(twin, source=nowhere, entry=5)
    raw = {number: json.dumps(sent_back()).encode() for number in (0, 5)}
    body = answer(assessment(kept, twin), reading(prior_flags_raw=raw))
    assert any(f"with the identifier {kept.identifier} (" in text for text in texts(body, "information"))
    assert any(text.startswith("A Flag without id has the identifier") for text in texts(body, "warning"))


def test_null_stands_for_what_is_absent() -> None:
    received = sent_back() | {"meta": None, "extension": None}
    (entry,), _ = revised(received, evidence=(SCORE._replace(labels=(HTEST,)),))
    assert [one["code"] for one in entry["resource"]["meta"]["security"]] == ["HTEST"]
    assert len(extensions(entry["resource"], FLAG_DETAIL)) == 1


def test_order_is_kept() -> None:
    body = answer(assessment(finding(QUIET), finding(MOOD)))
    assert [flag["code"]["coding"][0]["code"] for flag in of_type(body, "Flag")] == [QUIET.name, MOOD.name]
