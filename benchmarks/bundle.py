"""The Bundles that every row is measured on: made-up patients, 200 Observations each, about 136 kB, two flags.

Nothing in them is random: the same bytes come out on every machine.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from service.cds_hooks.names import HOOKS
from service.cds_hooks.templates import PATIENT_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.cds_hooks.templates import Template

Json = dict[str, Any]
Answers = tuple[int, ...]
Other = tuple[str, str, float, str, str]
AS_OF = date(2026, 6, 30)
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
INSTANCE = "5f1c7f2e-6d0e-4f4b-9a51-2f6f0f3f7f10"
PERFORMER = [{"reference": "Practitioner/bench"}]

PHQ9_TOTAL = ("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]")
PHQ9_ITEMS = (
    ("44250-9", "Little interest or pleasure in doing things in last 2 weeks"),
    ("44255-8", "Feeling down, depressed, or hopeless in last 2 weeks"),
    ("44259-0", "Trouble falling or staying asleep, or sleeping too much in last 2 weeks"),
    ("44254-1", "Feeling tired or having little energy in last 2 weeks"),
    ("44251-7", "Poor appetite or overeating in last 2 weeks"),
    ("44258-2", "Feeling bad about yourself in last 2 weeks"),
    ("44252-5", "Trouble concentrating on things in last 2 weeks"),
    ("44253-3", "Moving or speaking so slowly that other people could have noticed in last 2 weeks"),
    ("44260-8", "Thoughts that you would be better off dead in last 2 weeks"),
)
GAD7_TOTAL = ("70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]")
HS_CRP = ("30522-7", "C reactive protein [Mass/volume] in Serum or Plasma by High sensitivity method")
# Steady scores of 12; the newest answer to item 9 is 1, for the suicidality rule.
STEADY: Answers = (2, 2, 1, 1, 1, 2, 2, 1, 0)
NEWEST: Answers = (2, 2, 1, 1, 1, 2, 1, 1, 1)
RESPONSES, CRPS = 4, 12
# The rest of a record, most of which no rule reads: code, display, value, unit, category.
OTHERS: tuple[Other, ...] = (
    ("8310-5", "Body temperature", 36.7, "Cel", "vital-signs"),
    ("8867-4", "Heart rate", 72, "/min", "vital-signs"),
    ("29463-7", "Body weight", 68.4, "kg", "vital-signs"),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", 13.2, "g/dL", "laboratory"),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", 0.82, "mg/dL", "laboratory"),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", 140, "mmol/L", "laboratory"),
    (
        "1742-6",
        "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma",
        24,
        "U/L",
        "laboratory",
    ),
    ("8480-6", "Systolic blood pressure", 121, "mm[Hg]", "vital-signs"),
    ("8462-4", "Diastolic blood pressure", 78, "mm[Hg]", "vital-signs"),
    ("9279-1", "Respiratory rate", 14, "/min", "vital-signs"),
    ("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", 40.1, "%", "laboratory"),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", 4.1, "mmol/L", "laboratory"),
)
# What some patients have besides.
MORE: tuple[Other, ...] = (("30341-2", "Erythrocyte sedimentation rate", 12, "mm/h", "laboratory"),)
OBSERVATIONS = 200
DIAGNOSES = (("69896004", "Rheumatoid arthritis"), ("24700007", "Multiple sclerosis"), ("34000006", "Crohn's disease"))


class MadeUpPatient(NamedTuple):
    """Whose Bundle it is, and the day up to which it tells of her; her number decides what it holds."""

    number: int = 0
    as_of: date = AS_OF

    @property
    def id(self) -> str:
        """The id of her Patient resource, with which those of all others begin."""
        return f"bench{self.number}"

    @property
    def has_anxiety_scores(self) -> bool:
        """Every second patient was asked about anxiety too."""
        return self.number % 2 == 0

    @property
    def others(self) -> tuple[Other, ...]:
        """What else was measured: one thing less, or one more, so that rules find facts of other kinds."""
        return OTHERS[self.number % 4 // 2 :] + MORE[: self.number % 8 // 4]

    def turned(self, answers: Answers) -> Answers:
        """The same answers to other questions; that to item 9 stays the last one."""
        at = self.number % 8
        return (*answers[at:8], *answers[:at], answers[8])


FIRST = MadeUpPatient()


def request(patient: MadeUpPatient = FIRST) -> bytes:
    """The request body: Parameters with asOf and the Bundle."""
    parameters = [
        {"name": "asOf", "valueDateTime": patient.as_of.isoformat()},
        {"name": "data", "resource": bundle(patient)},
    ]
    return json.dumps({"resourceType": "Parameters", "parameter": parameters}, separators=(",", ":")).encode()


def requests(number: int) -> list[bytes]:
    """As many requests, each of another patient: ids, days, values, and of which kinds there are facts."""
    return [request(MadeUpPatient(index, AS_OF - timedelta(days=index))) for index in range(number)]


def bundle(patient: MadeUpPatient = FIRST) -> Json:
    """The Bundle alone."""
    observations = [*_questionnaires(patient), *_inflammation(patient)]
    observations += _others(patient, OBSERVATIONS - len(observations))
    resources = [_person(patient), _condition(patient), *observations]
    entries = [
        {"fullUrl": f"https://ehr.example/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def hook(templates: Iterable[Template], today: date) -> bytes:
    """The same patient today, as a client sends her when her chart is opened: everything in the prefetch."""
    entries = bundle(MadeUpPatient(as_of=today))["entry"]
    person, others = entries[0]["resource"], entries[1:]
    prefetch: Json = {PATIENT_KEY: person}
    for template in templates:
        if template.parameters:
            found = [entry for entry in others if _is_found(entry["resource"], template)]
            prefetch[template.key] = {"resourceType": "Bundle", "type": "searchset", "entry": found}
    context = {"userId": "Practitioner/bench", "patientId": person["id"]}
    call = {"hook": HOOKS[0], "hookInstance": INSTANCE, "context": context, "prefetch": prefetch}
    return json.dumps(call, separators=(",", ":")).encode()


def _is_found(resource: Json, template: Template) -> bool:
    """By type, and where codes are asked for by code; what no template asks for is not sent."""
    codes = dict(template.parameters).get("code", "")
    return resource["resourceType"] == template.resource_type and (
        not codes or resource["code"]["coding"][0]["code"] in codes.split(",")
    )


def _subject(patient: MadeUpPatient) -> Json:
    return {"reference": f"Patient/{patient.id}"}


def _person(patient: MadeUpPatient) -> Json:
    return {"resourceType": "Patient", "id": patient.id, "gender": "female", "birthDate": "1984-03-05"}


def _condition(patient: MadeUpPatient) -> Json:
    clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    code, display = DIAGNOSES[patient.number % len(DIAGNOSES)]
    coding = {"system": "http://snomed.info/sct", "code": code, "display": display}
    return {
        "resourceType": "Condition",
        "id": f"{patient.id}-condition",
        "clinicalStatus": {"coding": [{"system": clinical, "code": "active"}]},
        "code": {"coding": [coding]},
        "subject": _subject(patient),
        "onsetDateTime": "2015-02-01",
        "recordedDate": "2015-02-03",
    }


def _questionnaires(patient: MadeUpPatient) -> list[Json]:
    made = []
    for back in range(RESPONSES):
        day = patient.as_of - timedelta(days=7 + 30 * back)
        answers = patient.turned(NEWEST if back == 0 else STEADY)
        items = [
            _observation(patient, f"phq-{back}-{number}", code, day, {"value": answer, "unit": "{score}"}, "survey")
            for number, (code, answer) in enumerate(zip(PHQ9_ITEMS, answers, strict=True), 1)
        ]
        score = {"value": sum(answers), "unit": "{score}"}
        total = _observation(patient, f"phq-{back}", PHQ9_TOTAL, day, score, "survey")
        total["hasMember"] = [{"reference": f"Observation/{item['id']}"} for item in items]
        made += [total, *items]
        if patient.has_anxiety_scores:
            score = {"value": 8, "unit": "{score}"}
            made.append(_observation(patient, f"gad-{back}", GAD7_TOTAL, day, score, "survey"))
    return made


def _inflammation(patient: MadeUpPatient) -> list[Json]:
    made = []
    for back in range(CRPS):
        quantity = {
            "value": round(4.1 + 0.3 * ((back + patient.number) % 7), 1),
            "unit": "mg/L",
            "system": UCUM,
            "code": "mg/L",
        }
        day = patient.as_of - timedelta(days=9 + 17 * back)
        result = _observation(patient, f"crp-{back}", HS_CRP, day, quantity, "laboratory")
        result["referenceRange"] = [{"low": {"value": 0, "unit": "mg/L"}, "high": {"value": 3, "unit": "mg/L"}}]
        made.append(result)
    return made


def _others(patient: MadeUpPatient, number: int) -> list[Json]:
    made = []
    for index in range(number):
        back, kind = divmod(index, len(patient.others))
        code, display, value, unit, category = patient.others[kind]
        day = patient.as_of - timedelta(days=5 + 31 * back)
        quantity = {"value": value, "unit": unit, "system": UCUM, "code": unit}
        made.append(_observation(patient, f"other-{kind}-{back}", (code, display), day, quantity, category))
    return made


def _observation(
    patient: MadeUpPatient, name: str, code: tuple[str, str], day: date, quantity: Json, category: str
) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"{patient.id}-{name}",
        "meta": {"lastUpdated": f"{day}T10:15:00.000+00:00"},
        "status": "final",
        "category": [{"coding": [{"system": CATEGORIES, "code": category}]}],
        "code": {"coding": [{"system": LOINC, "code": code[0], "display": code[1]}]},
        "subject": _subject(patient),
        "effectiveDateTime": f"{day}T09:30:00+00:00",
        "performer": PERFORMER,
        "valueQuantity": quantity,
    }
