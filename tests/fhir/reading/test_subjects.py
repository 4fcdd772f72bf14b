"""H02: one patient, or nothing at all."""

import json
from typing import Any

import pytest

from service.domain.days import EARLIEST
from service.errors import InvalidParameter, MissingSubject, MixedPatients
from service.fhir.reading import Reading
from tests.fhir.reading.feeding import (
    ITEM_9,
    PATIENT,
    PHQ9,
    SUICIDAL_THOUGHTS,
    bundle,
    condition,
    day,
    entry,
    observation,
    patient,
    read,
    read_body,
    refused,
    resource,
    score_of,
)

BASE = "http://ehr.example/fhir"
URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
MRN = {"system": "http://mrn", "value": "42"}


def scored(subject: dict[str, Any] | None, name: str = "o", **more: Any) -> dict[str, Any]:
    return observation(PHQ9, name, subject=subject, **score_of(9), **more)


def ref(text: str) -> dict[str, Any]:
    return {"reference": text}


def key_of(*resources: dict[str, Any], **options: Any) -> tuple[str, str]:
    person = read(*resources, **options).chart.patient
    return person.key, person.reference


@pytest.mark.parametrize(
    ("entries", "key", "reference"),
    [
        ([scored(ref("Patient/p"))], "Patient/p", "Patient/p"),
        ([scored(ref("Patient/p/_history/4"))], "Patient/p", "Patient/p"),
        ([scored(ref(f"{BASE}/Patient/p"))], "Patient/p", f"{BASE}/Patient/p"),
        ([scored(ref(URN))], URN, URN),
        ([entry(patient(), fullUrl=URN), scored(ref(URN))], "Patient/p", "Patient/p"),
        ([entry(patient(id=None, identifier=[MRN]), fullUrl=URN), scored(ref(URN))], "http://mrn|42", URN),
        ([scored({"identifier": MRN})], "http://mrn|42", ""),
        ([patient()], "Patient/p", "Patient/p"),
        ([entry(patient(id=None), fullUrl=f"{BASE}/Patient/p")], "Patient/p", f"{BASE}/Patient/p"),
        ([patient(), scored(ref("Patient/p")), scored(ref(f"{BASE}/Patient/p"), "b")], "Patient/p", "Patient/p"),
        ([patient(identifier=[MRN]), scored({"identifier": MRN})], "Patient/p", "Patient/p"),
        ([scored({**ref("Patient/p"), "identifier": MRN}), scored({"identifier": MRN}, "b")], "Patient/p", "Patient/p"),
        ([entry(patient(), fullUrl=f"{BASE}/Patient/p"), scored(ref("Patient/p"))], "Patient/p", "Patient/p"),
        ([entry(patient("q"), fullUrl=f"{BASE}/Patient/p"), scored(ref("Patient/q"))], "Patient/q", "Patient/q"),
        ([scored(ref("Patient?identifier=http://mrn%7C42"))], "http://mrn|42", ""),
        ([patient(identifier=[MRN]), scored(ref("Patient?identifier=http://mrn|42"))], "Patient/p", "Patient/p"),
        (
            [scored(ref("#a"), contained=[{"resourceType": "Patient", "id": "a", "identifier": [MRN]}])],
            "http://mrn|42",
            "",
        ),
    ],
)
def test_patient_is_known_by_id_then_identifier(entries: list[dict[str, Any]], key: str, reference: str) -> None:
    assert key_of(*entries) == (key, reference)


SECOND = [
    [scored(ref("Patient/p")), scored(ref("Patient/q"), "b")],
    [patient(), scored(ref("Patient/q"))],
    [patient(), patient("q")],
    [patient(identifier=[MRN]), patient("q", identifier=[MRN])],
    [scored(ref(f"{BASE}/Patient/p")), scored(ref("http://other.example/fhir/Patient/p"), "b")],
    [scored(ref(URN)), scored(ref("Patient/p"), "b")],
    [patient(identifier=[MRN]), scored({"identifier": {"system": "http://mrn", "value": "43"}})],
    [scored(ref("Patient/p")), scored({"identifier": MRN}, "b")],
    [scored(ref("Patient/p")), condition("1", subject=ref("Patient/q"))],
    [scored(ref("Patient/p")), observation("8480-6", "b", subject=ref("Patient/q"))],
    [scored(ref("Patient/p")), resource("Immunization", subject=None, patient=ref("Patient/q"), status="completed")],
    [scored(ref("Patient/p")), resource("DocumentReference", subject=ref("Patient/q"))],
    [scored(ref("Patient/p")), resource("Claim", subject=None, patient=ref("Patient/q"))],
    [scored(ref("Patient/p")), resource("Account", subject=[ref("Patient/q")])],
    [scored(ref("Patient/p")), resource("Claim", subject=None, patient={"type": "Patient", "identifier": MRN})],
    [scored(ref("Patient/p")), observation(PHQ9, "b", status=5, subject=ref("Patient/q"))],
    [scored(ref("Patient/p")), scored(ref("#a"), "b", contained=[{"resourceType": "Patient", "id": "a"}])],
    [
        scored(ref("#a"), contained=[{"resourceType": "Patient", "id": "a"}]),
        scored(ref("#a"), "b", contained=[{"resourceType": "Patient", "id": "a"}]),
    ],
    [
        scored(ref("Patient/p")),
        observation("x", "b", contained=[observation(ITEM_9, "i", subject=ref("Patient/q"), valueInteger=1)]),
    ],
]


@pytest.mark.parametrize("entries", SECOND)
def test_h02_second_patient_refuses_everything(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(MixedPatients) as caught:
        read(*entries)
    assert caught.value.expression.startswith("Bundle.entry[")
    assert "42" not in caught.value.text


def test_h02_second_patient_is_named_by_its_element() -> None:
    with pytest.raises(MixedPatients) as caught:
        read(scored(ref("Patient/p")), scored(ref("Patient/q"), "b"))
    assert caught.value.expression == "Bundle.entry[1].resource.subject"


def test_h02_member_of_another_patient_counts_as_a_second_one() -> None:
    panel = scored(ref("Patient/p"), hasMember=[ref("Observation/b")])
    with pytest.raises(MixedPatients):
        read(panel, observation(ITEM_9, "b", subject=ref("Patient/q"), valueInteger=1))


def test_performers_participants_and_relatives_are_no_second_patient() -> None:
    reading = read(
        scored(ref("Patient/p"), performer=[ref("Patient/q")]),
        resource("RelatedPerson", subject=None, patient=ref("Patient/baby")),
        resource("Practitioner", subject=None),
        resource("Account", subject=[ref("Patient/p"), ref("Device/1")]),
        resource("Group", subject="nonsense"),
        resource("Composition", subject={"identifier": MRN}),
        resource("Composition", subject=ref("#x")),
        resource("Claim", subject=None, patient=[1]),
    )
    assert reading.account.used == 1


@pytest.mark.parametrize("subject", [ref("Group/1"), ref("Device/1"), {"type": "Group", "identifier": MRN}])
def test_subject_that_is_no_patient_is_rejected_and_mixes_nothing(subject: dict[str, Any]) -> None:
    reading = read(scored(ref("Patient/p")), scored(subject, "b"), observation("8480-6", "c", subject=subject))
    assert refused(reading) == [("subject-not-a-patient", "Bundle.entry[1].resource.subject")]
    assert (len(reading.chart.scores), reading.account.not_read) == (1, 1)


def test_urn_of_something_else_in_the_bundle_is_no_patient() -> None:
    group = entry(resource("Group", subject=None), fullUrl=URN)
    assert refused(read(patient(), group, scored(ref(URN)))) == [
        ("subject-not-a-patient", "Bundle.entry[2].resource.subject")
    ]
    broken = entry(resource("Group", 7, subject=None), fullUrl=URN)  # type: ignore[arg-type]
    assert read(patient(), broken, scored(ref(URN))).account.rejected == {"subject-not-a-patient": 1}


@pytest.mark.parametrize("subject", [None, {}, {"display": "Somebody"}, {"identifier": {"system": "x"}}, ref("#gone")])
def test_resource_without_a_subject_is_rejected(subject: dict[str, Any] | None) -> None:
    reading = read(patient(), scored(subject), condition("24700007", subject=subject))
    assert (reading.chart.scores, reading.chart.records, reading.chart.conditions_sent) == ((), (), 0)
    assert refused(reading) == [
        ("no-subject", "Bundle.entry[1].resource.subject"),
        ("no-subject", "Bundle.entry[2].resource.subject"),
    ]
    assert reading.chart.subjectless_safety == ()


@pytest.mark.parametrize(
    "positive",
    [
        observation(ITEM_9, subject=None, valueInteger=1),
        observation(PHQ9, subject=None, **score_of(25)),
        condition(SUICIDAL_THOUGHTS, "o", subject=None),
        observation(SUICIDAL_THOUGHTS, "o", "http://snomed.info/sct", subject=None),
        resource(
            "QuestionnaireResponse",
            "o",
            subject=None,
            status="completed",
            item=[{"linkId": ITEM_9, "answer": [{"valueInteger": 3}]}],
        ),
    ],
)
def test_positive_safety_item_without_a_subject_is_remembered(positive: dict[str, Any]) -> None:
    reading = read(patient(), positive)
    (source,) = reading.chart.subjectless_safety
    assert source.reference.endswith("/o")
    assert reading.rejections[0].safety
    assert (reading.chart.answers, reading.chart.scores, reading.chart.records) == ((), (), ())


@pytest.mark.parametrize("negative", [observation(ITEM_9, subject=None, valueInteger=0), scored(None)])
def test_negative_without_a_subject_is_only_rejected(negative: dict[str, Any]) -> None:
    assert read(patient(), negative).chart.subjectless_safety == ()


def test_unread_resource_without_a_subject_is_not_read() -> None:
    reading = read(patient(), observation("8480-6", subject=None), condition("1", subject=None))
    assert (reading.account.not_read, reading.rejections) == (2, ())


@pytest.mark.parametrize("entries", [[scored(None)], [resource("Organization", subject=None)], [entry(None)]])
def test_entries_that_are_nobodys_are_refused(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(MissingSubject):
        read(*entries)


def test_h24_no_entries_are_nobodys() -> None:
    for body in (bundle(), {"resourceType": "Bundle"}):
        reading = read_body(json.dumps(body).encode())
        assert (reading.account.received, reading.chart.patient.key) == (0, "")


@pytest.mark.parametrize(
    ("asked", "entries"),
    [
        ("Patient/p", [scored(ref("Patient/p"))]),
        ("Patient/p", [scored(ref(f"{BASE}/Patient/p"))]),
        (f"{BASE}/Patient/p", [patient(), scored(ref("Patient/p"))]),
        ("http://mrn|42", [patient(identifier=[MRN]), scored(ref("Patient/p"))]),
        ("http://mrn|42", [scored({"identifier": MRN})]),
        ("http://mrn|42", [scored({**ref("Patient/p"), "identifier": MRN})]),
        (URN, [entry(patient(), fullUrl=URN)]),
        ("Patient/p", []),
    ],
)
def test_subject_that_was_asked_for_is_found(asked: str, entries: list[dict[str, Any]]) -> None:
    reading: Reading = read(*entries, subject=asked)
    assert len(reading.chart.scores) == sum("subject" in one for one in entries)
    assert reading.chart.patient.key in (asked, PATIENT)


@pytest.mark.parametrize(
    ("asked", "entries"),
    [
        ("Patient/q", [scored(ref("Patient/p"))]),
        ("Patient/q", [patient()]),
        ("http://mrn|43", [patient(identifier=[MRN])]),
        ("http://other.example/fhir/Patient/p", [scored(ref(f"{BASE}/Patient/p"))]),
    ],
)
def test_h02_subject_that_was_not_asked_for_refuses_everything(asked: str, entries: list[dict[str, Any]]) -> None:
    with pytest.raises(MixedPatients):
        read(*entries, subject=asked)


def test_subject_that_is_no_patient_cannot_be_asked_for() -> None:
    with pytest.raises(InvalidParameter):
        read(patient(), subject="Group/1")


def test_h15_age_and_death_are_read() -> None:
    person = read(patient(birthDate="1980-04")).chart.patient
    assert (person.birth_first, person.birth_last, person.deceased) == (day("1980-04-01"), day("1980-04-30"), None)
    assert read(patient(deceasedBoolean=True)).chart.patient.deceased == EARLIEST
    assert read(patient(deceasedBoolean=False)).chart.patient.deceased is None
    assert read(patient(deceasedDateTime="2026-01-02")).chart.patient.deceased == day("2026-01-02")
    assert read(patient(birthDate=None)).chart.patient.birth_first == EARLIEST


def test_dates_of_a_patient_that_are_none_are_listed() -> None:
    reading = read(patient(birthDate="x", deceasedDateTime="y"))
    assert refused(reading) == [
        ("invalid-date", "Bundle.entry[0].resource.birthDate"),
        ("invalid-date", "Bundle.entry[0].resource.deceasedDateTime"),
    ]
    assert reading.chart.patient.deceased == EARLIEST
    assert reading.account.used == 1


@pytest.mark.parametrize("focus", [[ref("RelatedPerson/1")], [ref("Group/1")], [ref("Patient/q")]])
def test_observation_about_somebody_else_is_not_used(focus: list[dict[str, Any]]) -> None:
    reading = read(observation(ITEM_9, focus=focus, valueInteger=2))
    assert reading.chart.answers == ()
    assert refused(reading) == [("focus", "Bundle.entry[0].resource.focus")]
    assert reading.rejections[0].safety


@pytest.mark.parametrize("focus", [[], [ref("Patient/p")], [ref("Condition/1")], [{"display": "x"}], None])
def test_observation_with_another_focus_is_read(focus: list[dict[str, Any]] | None) -> None:
    assert len(read(observation(ITEM_9, focus=focus, valueInteger=2)).chart.answers) == 1


def test_focus_of_the_wrong_type_refuses_the_observation() -> None:
    reading = read(observation(ITEM_9, focus="x", valueInteger=2))
    assert refused(reading) == [("wrong-type", "Bundle.entry[0].resource.focus")]
    assert reading.chart.answers[0].value is None


FLAG_SID, PLAN_SID = "https://moodmarker.org/fhir/sid/flag", "https://moodmarker.org/fhir/sid/careplan"
ASPIRIN = {"medicationCodeableConcept": {"text": "aspirin"}, "status": "active", "intent": "order"}


def own(kind: str, system: str, name: str, **more: Any) -> dict[str, Any]:
    return resource(kind, name, **{"status": "inactive", "identifier": [{"system": system, "value": "x"}], **more})


@pytest.mark.parametrize(("subject", "reason"), [(None, "no-subject"), (ref("Group/1"), "subject-not-a-patient")])
def test_nothing_of_a_resource_that_is_not_the_patients_is_left(subject: dict[str, Any] | None, reason: str) -> None:
    """A Flag closes nothing, a plan replaces nothing, and a medicine is neither counted nor the oldest."""
    reading = read(
        patient(),
        own("Flag", FLAG_SID, "f", subject=subject),
        own("CarePlan", PLAN_SID, "c", subject=subject),
        resource("MedicationRequest", "m", subject=subject, authoredOn="2020-01-01", **ASPIRIN),
        resource("MedicationRequest", "n", subject=subject, authoredOn="2020-01-01", **ASPIRIN),
        condition("24700007", subject=subject),
    )
    chart = reading.chart
    assert (chart.flags, chart.plans, reading.prior_flags_raw, reading.prior_plans_raw) == ((), (), {}, {})
    assert (chart.medicines_sent, chart.unrecognised_medicines, chart.oldest_medicine) == (0, (), None)
    assert (chart.oldest_medicine_source, chart.conditions_sent, chart.records) == (None, 0, ())
    assert refused(reading) == [(reason, f"Bundle.entry[{index}].resource.subject") for index in range(1, 6)]


def test_what_is_taken_back_takes_nothing_of_the_patients_with_it() -> None:
    mine = own("Flag", FLAG_SID, "mine", status="active")
    request = resource("MedicationRequest", "m", authoredOn="2026-01-01", **ASPIRIN)
    nobodys = {"subject": None}
    reading = read(mine, request, own("Flag", FLAG_SID, "f", **nobodys), {**request, **nobodys, "id": "n"})
    assert [flag.source.reference for flag in reading.chart.flags] == ["Flag/mine"]
    assert list(reading.prior_flags_raw) == [0]
    assert (reading.chart.medicines_sent, reading.chart.oldest_medicine) == (1, day("2026-01-01"))
    assert reading.account.rejected == {"no-subject": 2}


ANONYMOUS = {"resourceType": "Patient", "id": "a", "name": [{"family": "Alpha"}]}
NO_NAMES = [
    "hello",
    "Patient/",
    "Patient?family=Smith",
    "Patient?identifier=42",
    "Patient/a\u0001b",
    "Patient/a b",
    "Patient/" + "a" * 65,
    "http://ehr.example/\u0007/Patient/a",
]


@pytest.mark.parametrize("text", NO_NAMES)
def test_h02_text_that_names_nobody_is_no_identity(text: str) -> None:
    with pytest.raises(MissingSubject):
        read(scored(ref(text)))
    with pytest.raises(MissingSubject):
        read(entry({"resourceType": "Patient"}, fullUrl=text))


def test_h02_anonymous_contained_patient_is_no_identity() -> None:
    with pytest.raises(MissingSubject):
        read(scored(ref("#a"), contained=[ANONYMOUS]))


@pytest.mark.parametrize("text", NO_NAMES)
def test_h02_text_that_names_nobody_is_not_the_patient(text: str) -> None:
    with pytest.raises(MixedPatients):
        read(scored(ref("Patient/p")), scored(ref(text), "b"))


@pytest.mark.parametrize("name", ["a\u0001b", "a b", "a/b", "\u007f", "a" * 65])
def test_h02_patient_id_that_is_none_names_nobody(name: str) -> None:
    with pytest.raises(MissingSubject):
        read(patient(name), scored(ref(f"Patient/{name}")))
    assert key_of(patient(name, identifier=[MRN]), scored(ref(f"Patient/{name}"))) == ("http://mrn|42", "")


def test_id_with_a_sign_that_nobody_sees_is_not_told() -> None:
    reading = read(patient(), scored(ref("Patient/p"), "a\u0001b", identifier=[MRN]))
    (score,) = reading.chart.scores
    assert (score.source.reference, score.source.identifier) == ("", ("http://mrn", "42"))
    assert refused(reading) == [("value", "Bundle.entry[1].resource.id")]


@pytest.mark.parametrize("asked", ["Patient/q", "http://mrn|42", f"{BASE}/Patient/q"])
def test_data_that_are_not_those_of_the_subject_are_told_as_such(asked: str) -> None:
    with pytest.raises(MixedPatients, match="parameter `subject`"):
        read(scored(ref("Patient/p")), subject=asked)
    with pytest.raises(MixedPatients, match="more than one patient"):
        read(*SECOND[0])


def test_h02_an_older_version_that_cannot_be_read_may_not_be_another_patient_s_either() -> None:
    later = scored(ref("Patient/p"), meta={"versionId": "2"})
    older = scored(ref("Patient/other"), meta={"versionId": "1"}, status=3)
    with pytest.raises(MixedPatients):
        read(patient(), later, older)
