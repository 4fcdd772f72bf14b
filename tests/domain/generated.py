"""Generated patients: a handful of clauses of the example language, near the numbers that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from service.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.facts import Chart, Source

# Days on both sides of the windows that decide.
DAYS = (
    0,
    1,
    2,
    3,
    5,
    6,
    7,
    8,
    9,
    13,
    14,
    15,
    18,
    19,
    20,
    25,
    27,
    28,
    29,
    30,
    31,
    35,
    40,
    44,
    45,
    55,
    60,
    61,
    75,
    76,
    89,
    90,
    91,
    100,
    119,
    120,
    121,
    150,
    179,
    180,
    181,
    240,
    300,
    364,
    365,
    366,
    379,
    380,
    400,
)
DATES = (*(f"{days} days ago" for days in DAYS), "in 2026-06", "in 2026", "undated")
SCALES = {
    "PHQ-8": (4, 12),
    "HADS-D": (3, 7, 8, 12),
    "GAD-7": (3, 4, 5, 9, 10, 14),
    "EPDS": (13,),
    "PHQ-9 CMS": (2, 10, 14),
    "PHQ-2": (3,),
    "MFIS": (30, 38, 50),
    "SDMT": (42, 46, 50),
    "MoCA": (24, 25, 28),
    "EDSS": (2, 3),
    "PHQ-A": (5, 14, 26),
}
CRP = ("1", "2.9", "3.0", "3.01", "4", "6", "9", "10", "10.01", "40", "120", "<3", "<5", "<0.5", ">10", ">=3")
ITEMS = (
    "0 0 0 0 0 0 0 0 0",
    "1 0 3 3 2 0 1 2 0",
    "2 2 2 1 1 1 1 1 0",
    "3 3 3 3 3 3 3 3 3",
    "1 1 1 1 1 1 1 1 1",
    "0 0 3 3 3 0 ? 0 0",
    "2 2 2 2 2 2 ? ? 0",
    "3 3 3 3 3 3 3 3 ?",
    "1 1 1 ? ? ? 1 1 0",
)
EVENTS = (
    "relapse",
    "relapse",
    "no relapse",
    "infection",
    "surgery",
    "vaccination",
    "psychosis",
    "mania",
    "delirium",
    "seizure",
    "insomnia",
    "suicidality",
    "suicide attempt",
    "self harm",
    "relapse unconfirmed",
    "new neurological symptom",
    "mood screening",
    "suicide risk assessment",
    "hospital-treated infection",
    "infection resolved",
)
DISEASES = (
    "multiple sclerosis",
    "multiple sclerosis",
    "neuromyelitis optica",
    "rheumatoid arthritis",
    "depression",
    "pregnancy",
)
DRUGS = (
    "tocilizumab",
    "baricitinib",
    "fingolimod",
    "natalizumab",
    "interferon beta-1a",
    "peginterferon alfa-2a",
    "nivolumab",
    "adalimumab",
    "prednisone",
    "methylprednisolone",
    "sertraline",
    "fluoxetine",
    "esketamine",
    "levetiracetam",
    "antibiotic",
)
RESULTS = (
    "temperature 38.0 Cel",
    "temperature 37.2 Cel",
    "sNfL 20 above range",
    "sNfL 8",
    "sodium 129 mmol/L",
    "anti-NMDAR positive",
    "anti-NMDAR negative",
    "ESR 40 above range",
    "IL-6 3",
    "MRI activity positive",
    "BMI 31",
    "pregnancy status positive",
    "CRP refused: unit nmol/L is not accepted",
    "procalcitonin 0.5 ng/mL",
)
ANSWERS = (
    *(f"PHQ-9 item 9 = {value}" for value in (0, 1, 3)),
    "PHQ-9 item 9 unreadable",
    "PHQ-9 item 9 declined",
    *(
        f"{item} = {value}"
        for value in ("yes", "no")
        for item in (
            "C-SSRS 1",
            "C-SSRS 2",
            "C-SSRS 4",
            "C-SSRS 6",
            "C-SSRS 6 within 3 months",
            "C-SSRS risk",
            "CMS item 9",
        )
    ),
    "C-SSRS 2 unreadable",
)


def _dated(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"{text}, {date}" for text in texts for date in DATES])


def _taken(drug: str, days: int) -> tuple[str, ...]:
    return (
        f"{drug} from {days} days ago",
        f"{drug} ordered {days} days ago",
        f"{drug} from {days + 60} to {days} days ago",
        f"{drug} from {days + 8} to {days} days ago",
        f"{drug} undated",
    )


CLAUSE = st.one_of(
    _dated(*(f"PHQ-9 {value}" for value in (2, 4, 5, 6, 9, 10, 12, 16, 20, 25))),
    _dated(*(f"{scale} {value}" for scale, values in SCALES.items() for value in values)),
    _dated(*(f"PHQ-9 items {values}" for values in ITEMS)),
    _dated(*(f"CRP {value} mg/L" for value in CRP)),
    _dated(*(f"hs-CRP {value} mg/L" for value in CRP)),
    _dated(*EVENTS),
    _dated(*RESULTS),
    _dated(*ANSWERS),
    st.sampled_from(DISEASES),
    st.sampled_from([text for drug in DRUGS for days in DAYS for text in _taken(drug, days)]),
)
# Most rules ask for several things at once: many patients begin as an example of a rule.
BEGINNING = st.sampled_from(RULES).flatmap(lambda rule: st.sampled_from([e.given for e in rule.examples]))
CLAUSES = st.builds(lambda rise, rest: [*rise, *rest], st.lists(BEGINNING, max_size=1), st.lists(CLAUSE, max_size=8))
TEXTS = CLAUSES.map("; ".join)

FACTS = ("scores", "answers", "results", "records", "exposures")


def sources(chart: Chart) -> set[Source]:
    """Every resource that a fact of the chart came from."""
    return {fact.source for name in FACTS for fact in getattr(chart, name)}


def only(chart: Chart, kept: Iterable[Source]) -> Chart:
    """The chart reduced to the facts of these resources; the patient is the same."""
    keep = set(kept)
    facts: dict[str, Any] = {name: tuple(f for f in getattr(chart, name) if f.source in keep) for name in FACTS}
    conditions = sum(record.source.resource_type == "Condition" for record in facts["records"])
    oldest = chart.oldest_medicine if chart.oldest_medicine_source in keep else None
    return chart._replace(**facts, conditions_sent=conditions, oldest_medicine=oldest)
