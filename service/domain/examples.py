"""The small language in which rules state their examples, read into facts: one patient in words, as of 2026-06-30.

Clauses are separated by `;`. Most end in `, N days ago`; `, undated`, `, in 2026-06` and `, in N days` are dates
too. A record may go on with `, recorded N days ago` and `, abated N days ago`.

    PHQ-9 12 | PHQ-9 items 1 0 3 3 2 0 1 2 0 | PHQ-9 item 9 = 1 | PHQ-9 item 9 unreadable | C-SSRS 2 = yes
    CRP 3.01 mg/L | hs-CRP <5 mg/L | sNfL 20 above range | anti-NMDAR positive | sodium 129 mmol/L
    relapse | no relapse | psychosis | infection | multiple sclerosis | depression (history)
    fluoxetine from 100 to 20 days ago | fluoxetine from 100 days ago | fluoxetine undated
    aged 17 | declined screening | incomplete Observation | history fetched
    flag of suicidality-recorded for clause 1
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from service.domain import analytes
from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, Concept, DrugGroup, Item
from service.domain.days import EARLIEST, LATEST, AsOf
from service.domain.facts import Answer, Chart, Exposure, Patient, PriorFlag, Reading, Record, Result, Score, Source
from service.domain.instruments import INSTRUMENTS
from service.domain.interval import bounded

if TYPE_CHECKING:
    from service.domain.analytes import Analyte

AS_OF_DATE = date(2026, 6, 30)
AS_OF = AsOf(datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC), UTC, "UTC")
TODAY = AS_OF.day

_SCALES = {scale.name: scale for scale in INSTRUMENTS} | {
    "PROMIS depression": next(s for s in INSTRUMENTS if s.key == "promis-depression"),
    "PROMIS-29 depression": next(s for s in INSTRUMENTS if s.key == "promis-29-depression"),
    "PROMIS-29 anxiety": next(s for s in INSTRUMENTS if s.key == "promis-29-anxiety"),
    "PROMIS-29 fatigue": next(s for s in INSTRUMENTS if s.key == "promis-29-fatigue"),
    "PROMIS cognitive": next(s for s in INSTRUMENTS if s.key == "promis-cognitive"),
    "FSS": next(s for s in INSTRUMENTS if s.key == "fss"),
    "PHQ-9 CMS": next(s for s in INSTRUMENTS if s.key == "phq-9-cms"),
}
_TESTS: dict[str, tuple[Analyte, str]] = {
    "CRP": (analytes.CRP, "conventional"),
    "hs-CRP": (analytes.CRP, "hs"),
    "IL-6": (analytes.IL6, ""),
    "ESR": (analytes.ESR, ""),
    "sNfL": (analytes.SNFL, ""),
    "calprotectin": (analytes.CALPROTECTIN, ""),
    "procalcitonin": (analytes.PROCALCITONIN, ""),
    "temperature": (analytes.TEMPERATURE, ""),
    "sodium": (analytes.SODIUM, ""),
    "CSF white cells": (analytes.CSF_LEUKOCYTES, ""),
    "BMI": (analytes.BMI, ""),
    "anti-NMDAR": (analytes.NMDAR_SERUM, ""),
    "MRI activity": (analytes.MRI_ACTIVITY, ""),
    "pregnancy status": (analytes.PREGNANCY_STATUS, ""),
}
_DISEASES = {
    "multiple sclerosis": (Concept.MS_FAMILY, Concept.NEURO_IMD, Concept.IMD),
    "neuromyelitis optica": (Concept.NEURO_IMD, Concept.IMD),
    "rheumatoid arthritis": (Concept.IMD,),
    "depression": (Concept.MOOD_HISTORY,),
    "early adversity": (Concept.ADVERSITY,),
    "obesity": (Concept.OBESITY,),
    "pregnancy": (Concept.PREGNANCY,),
}
_EVENTS = {concept.replace("-", " "): (concept,) for concept in Concept} | {
    "relapse": (Concept.RELAPSE, Concept.MS_FAMILY, Concept.NEURO_IMD, Concept.IMD),
    "hospital-treated infection": (Concept.INFECTION, Concept.INPATIENT),
    "suicide attempt": (Concept.SUICIDE_ATTEMPT, Concept.SUICIDALITY),
}
_PROCEDURES = (Concept.SURGERY, Concept.VACCINATION, Concept.MOOD_SCREENING, Concept.SUICIDE_RISK_ASSESSMENT)
_DRUGS = {
    "tocilizumab": DrugGroup.IL6_INHIB,
    "baricitinib": DrugGroup.JAK_INHIB,
    "fingolimod": DrugGroup.MS_DMT_OTHER,
    "natalizumab": DrugGroup.MS_DMT_OTHER,
    "interferon beta-1a": DrugGroup.IFN_BETA,
    "peginterferon alfa-2a": DrugGroup.IFN_ALPHA,
    "aldesleukin": DrugGroup.IL2,
    "nivolumab": DrugGroup.CHECKPOINT,
    "adalimumab": DrugGroup.TNF_INHIB,
    "eculizumab": DrugGroup.COMPLEMENT_INHIB,
    "ustekinumab": DrugGroup.OTHER_IMMUNE,
    "prednisone": DrugGroup.STEROID_SYSTEMIC,
    "methylprednisolone": DrugGroup.STEROID_SYSTEMIC,
    "sertraline": DrugGroup.ANTIDEPRESSANT,
    "fluoxetine": DrugGroup.ANTIDEPRESSANT,
    "esketamine": DrugGroup.ANTIDEPRESSANT,
    "levetiracetam": DrugGroup.OTHER_MOOD_DRUG,
    "antibiotic": DrugGroup.ANTIBIOTIC,
}
_VERIFICATIONS = ("unconfirmed", "provisional", "differential", "refuted")
_LATER = r", (recorded|abated) (\d+) days ago"
_WORDS = {"yes": 1, "no": 0, "high": 1, "low": 0}
_QUESTIONS = r"PHQ-9 item \d|C-SSRS \d|C-SSRS risk|C-SSRS 6 within 3 months|CMS item 9|ACE \d"
_SPECIAL = {
    "C-SSRS risk": Item.CSSRS_RISK,
    "C-SSRS 6 within 3 months": Item.CSSRS_6_3_MONTHS,
    "CMS item 9": Item.CMS_9_PRESENCE,
}
_FAMILIES = {"PHQ-9": PHQ9_ITEMS, "GAD-7": GAD7_ITEMS}


class UnknownClause(ValueError):
    """A clause of an example that the language does not have."""


def read_example(text: str) -> Chart:
    """The chart of an example in words; raises `UnknownClause` for a clause it does not know."""
    facts: dict[str, Any] = {"patient": Patient("Patient/example", "Patient/example", *_born(40)), "entries": 1}
    lists: dict[str, list[Any]] = {name: [] for name in ("scores", "answers", "results", "records", "exposures")}
    for index, clause in enumerate(part.strip() for part in text.split(";") if part.strip()):
        _read_clause(clause, Source(f"Example/{index + 1}", f"Bundle.entry[{index}].resource"), facts, lists)
    starts = [(e.start, e.source) for e in lists["exposures"] if e.start is not None]
    oldest = min(starts, default=(None, None), key=lambda start: start[0])
    conditions = sum(record.source.resource_type == "Condition" for record in lists["records"])
    facts.setdefault("conditions_sent", conditions)
    facts |= {name: tuple(values) for name, values in lists.items()}
    return Chart(
        **facts,
        active_conditions=conditions,
        oldest_medicine=oldest[0],
        oldest_medicine_source=oldest[1],
        medicines_sent=len(lists["exposures"]),
        medicines_recognised=len(lists["exposures"]),
    )


def _born(age: int) -> tuple[int, int]:
    day = AS_OF_DATE.replace(year=AS_OF_DATE.year - age).toordinal()
    return day, day


def _read_clause(clause: str, source: Source, facts: dict[str, Any], lists: dict[str, list[Any]]) -> None:
    what, first, last = _dated(clause)
    if what.startswith("aged "):
        age = what.removeprefix("aged ")
        born = (EARLIEST, LATEST) if age == "unknown" else _born(int(age))
        facts["patient"] = Patient("Patient/example", "Patient/example", *born)
    elif what.startswith("incomplete "):
        facts["not_covered"] = {what.removeprefix("incomplete "): "the caller says so"}
    elif what == "declined screening":
        facts["declined_screening"] = (first,)
    elif what == "history fetched":
        facts["history_complete"] = True
    elif match := re.fullmatch(r"flag of ([a-z-]+) for clause (\d+)", what):
        named = (f"Example/{match[2]}",)
        facts["flags"] = (PriorFlag(match[1], "example", "active", last, None, None, named, False, "", source, 0),)
    elif what == "a condition":
        facts["conditions_sent"] = 1
    else:
        _read_fact(what, first, last, source, lists)


def _dated(clause: str) -> tuple[str, int, int]:
    match = re.fullmatch(r"(.+), (?:(\d+) days? ago|in (\d+) days?|in (\d{4})(?:-(\d\d))?|(undated))", clause)
    if match is None:
        return clause, TODAY - 400, TODAY - 400
    what, ago, ahead, year, month, _ = match.groups()
    if ago is not None:
        return what, TODAY - int(ago), TODAY - int(ago)
    if ahead is not None:
        return what, TODAY + int(ahead), TODAY + int(ahead)
    if year is not None:
        return what, *_partial(int(year), month)
    return what, EARLIEST, LATEST


def _partial(year: int, month: str | None) -> tuple[int, int]:
    if month is None:
        return date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    following = date(year + int(month) // 12, int(month) % 12 + 1, 1)
    return date(year, int(month), 1).toordinal(), following.toordinal() - 1


def _read_fact(what: str, first: int, last: int, source: Source, lists: dict[str, list[Any]]) -> None:
    for read in (_read_exposure, _read_answers, _read_score, _read_result, _read_record):
        if read(what, first, last, source, lists):
            return
    raise UnknownClause(what)


def _read_exposure(what: str, _first: int, _last: int, source: Source, lists: dict[str, list[Any]]) -> bool:
    match = re.fullmatch(r"(.+?) (?:from (\d+)(?: to (\d+))? days ago|undated|(ordered) (\d+) days ago)", what)
    if match is None or match[1] not in _DRUGS:
        return False
    name, start, end, ordered, day = match.groups()
    begun = start or day
    lists["exposures"].append(
        Exposure(
            name,
            _DRUGS[name],
            None if begun is None else TODAY - int(begun),
            None if end is None else TODAY - int(end),
            None,
            source._replace(resource_type="MedicationRequest"),
            name,
            stated_start=ordered is None,
        )
    )
    return True


def _read_answers(what: str, first: int, last: int, source: Source, lists: dict[str, list[Any]]) -> bool:
    match = re.fullmatch(r"(PHQ-9|GAD-7) items ([\d ?]+)", what)
    if match is not None:
        for item, value in zip(_FAMILIES[match[1]], match[2].split(), strict=False):
            if value != "?":
                lists["answers"].append(
                    Answer(item, int(value), first, last, None, source, received=value, response=source.reference)
                )
        return True
    match = re.fullmatch(rf"({_QUESTIONS})(?: = (\w+)| (\w+))", what)
    if match is None:
        return False
    value = _WORDS.get(match[2], match[2]) if match[2] is not None else None
    reading = Reading.READ if value is not None else Reading.DECLINED if match[3] == "declined" else Reading.UNREADABLE
    lists["answers"].append(
        Answer(
            _item(match[1]),
            None if value is None else int(value),
            first,
            last,
            None,
            source,
            reading,
            match[2] or "",
            match[1],
        )
    )
    return True


def _item(name: str) -> Item:
    if name.startswith("ACE"):
        return Item.ACE
    return _SPECIAL.get(name) or Item(name.lower().replace(" ", "-"))


def _read_score(what: str, first: int, last: int, source: Source, lists: dict[str, list[Any]]) -> bool:
    match = re.fullmatch(r"(.+?) ([\d.]+)", what)
    if match is None or match[1] not in _SCALES:
        return False
    lists["scores"].append(Score(_SCALES[match[1]], Decimal(match[2]), first, last, None, source, match[2]))
    return True


def _read_result(what: str, first: int, last: int, source: Source, lists: dict[str, list[Any]]) -> bool:
    match = re.fullmatch(
        r"(.+?) (?:([<>]=?)?([\d.]+)( [^ ]+)?( above range)?|(positive)|(negative)|refused: (.+))", what
    )
    if match is None or match[1] not in _TESTS:
        return False
    name, comparator, number, _unit, above, positive, negative, refusal = match.groups()
    analyte, assay = _TESTS[name]
    value = None if number is None else bounded(comparator, Decimal(number))
    sign = True if positive else False if negative else None
    lists["results"].append(
        Result(
            analyte,
            value,
            first,
            last,
            None,
            source,
            what.removeprefix(f"{name} "),
            refusal or "",
            assay,
            bool(above),
            positive=sign,
        )
    )
    return True


def _read_record(what: str, first: int, last: int, source: Source, lists: dict[str, list[Any]]) -> bool:
    words, status = re.sub(_LATER, "", what), ""
    later = {name: TODAY - int(days) for name, days in re.findall(_LATER, what)}
    if later:
        onset = _dated(words)
        words, first, last = onset if onset[0] != words else (words, EARLIEST, LATEST)
    for ending in ("resolved", *_VERIFICATIONS):
        if words.endswith(f" {ending}"):
            words, status = words.removesuffix(f" {ending}"), ending
    denied = words.startswith("no ")
    concepts = _DISEASES.get(words) or _EVENTS.get(words.removeprefix("no "))
    if concepts is None:
        return False
    kind = "Procedure" if concepts[0] in _PROCEDURES else "Observation" if denied else "Condition"
    lists["records"].append(
        Record(
            frozenset(concepts),
            first,
            last,
            None,
            source._replace(resource_type=kind),
            words,
            later.get("recorded", EARLIEST),
            later.get("recorded", LATEST),
            later.get("abated"),
            asserted=not denied,
            status="resolved" if status == "resolved" else "active",
            verification=status if status in _VERIFICATIONS else "",
        )
    )
    return True
