"""Does the little language of the examples say what it seems to say?"""

from decimal import Decimal

import pytest

from service.domain.analytes import CRP, NMDAR_SERUM, SNFL
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.days import EARLIEST, LATEST, iso
from service.domain.examples import AS_OF, TODAY, UnknownClause, read_example
from service.domain.facts import Reading
from service.domain.instruments import INSTRUMENTS, PHQ9, PHQ9_CMS, PROMIS_DEPRESSION, Instrument
from service.domain.interval import Interval
from tests.domain.asking import timeline


def test_it_is_the_end_of_june_2026() -> None:
    assert (iso(TODAY), AS_OF.zone_name) == ("2026-06-30", "UTC")


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        ("5 days ago", "2026-06-25", "2026-06-25"),
        ("1 day ago", "2026-06-29", "2026-06-29"),
        ("in 1 day", "2026-07-01", "2026-07-01"),
        ("in 2026-02", "2026-02-01", "2026-02-28"),
        ("in 2025-12", "2025-12-01", "2025-12-31"),
        ("in 2026", "2026-01-01", "2026-12-31"),
        ("undated", iso(EARLIEST), iso(LATEST)),
    ],
)
def test_dates(date: str, first: str, last: str) -> None:
    (score,) = read_example(f"PHQ-9 12, {date}").scores
    assert (iso(score.first), iso(score.last)) == (first, last)


def test_every_clause_is_a_resource_of_its_own() -> None:
    chart = read_example("PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago; multiple sclerosis")
    assert [s.reference for s in (chart.scores[0].source, chart.results[0].source, chart.records[0].source)] == [
        "Example/1",
        "Example/2",
        "Example/3",
    ]


@pytest.mark.parametrize("scale", INSTRUMENTS, ids=lambda scale: scale.key)
def test_scores(scale: Instrument) -> None:
    (score,) = read_example(f"{scale.name} 12, 5 days ago").scores
    assert (score.instrument, score.value) == (scale, Decimal(12))


def test_short_names_of_scales() -> None:
    assert read_example("PROMIS depression 60.5, 5 days ago").scores[0].instrument is PROMIS_DEPRESSION
    assert read_example("PHQ-9 CMS 12, 5 days ago").scores[0].instrument is PHQ9_CMS


def test_items() -> None:
    chart = read_example("PHQ-9 items 1 0 3 3 2 ? 1 2 0, 5 days ago")
    assert [a.item for a in chart.answers][:2] == [Item.PHQ9_1, Item.PHQ9_2]
    assert len(chart.answers) == 8
    assert timeline(chart).series[PHQ9].scores[0].prorated


@pytest.mark.parametrize(
    ("text", "item", "value", "reading"),
    [
        ("PHQ-9 item 9 = 1", Item.PHQ9_9, 1, Reading.READ),
        ("PHQ-9 item 9 unreadable", Item.PHQ9_9, None, Reading.UNREADABLE),
        ("PHQ-9 item 9 declined", Item.PHQ9_9, None, Reading.DECLINED),
        ("C-SSRS 2 = yes", Item.CSSRS_2, 1, Reading.READ),
        ("C-SSRS risk = no", Item.CSSRS_RISK, 0, Reading.READ),
        ("C-SSRS 6 within 3 months = no", Item.CSSRS_6_3_MONTHS, 0, Reading.READ),
        ("CMS item 9 = yes", Item.CMS_9_PRESENCE, 1, Reading.READ),
        ("ACE 3 = yes", Item.ACE, 1, Reading.READ),
    ],
)
def test_answers(text: str, item: Item, value: int | None, reading: Reading) -> None:
    (answer,) = read_example(f"{text}, 5 days ago").answers
    assert (answer.item, answer.value, answer.reading) == (item, value, reading)


def test_results() -> None:
    (low,) = read_example("hs-CRP <5 mg/L, 5 days ago").results
    assert (low.analyte, low.assay, low.value) == (CRP, "hs", Interval(Decimal(0), Decimal(5), high_open=True))
    (refused,) = read_example("CRP refused: a titre, 5 days ago").results
    assert (refused.value, refused.refusal, refused.assay) == (None, "a titre", "conventional")
    (above,) = read_example("sNfL 20 above range, 5 days ago").results
    assert (above.analyte, above.above_reference, above.received) == (SNFL, True, "20 above range")
    (positive, negative) = read_example("anti-NMDAR positive, 5 days ago; anti-NMDAR negative, 5 days ago").results
    assert (positive.analyte, positive.positive, negative.positive) == (NMDAR_SERUM, True, False)


def test_records() -> None:
    chart = read_example(
        "multiple sclerosis; relapse, 9 days ago; no relapse, 8 days ago; infection resolved, 7 days ago; "
        "relapse unconfirmed, 6 days ago; psychosis refuted, 5 days ago; vaccination, 4 days ago"
    )
    disease, relapse, denied, over, doubtful, refuted, done = chart.records
    assert Concept.MS_FAMILY in disease.concepts
    assert (Concept.RELAPSE in relapse.concepts, relapse.asserted, denied.asserted) == (True, True, False)
    assert denied.source.resource_type == "Observation"
    assert (over.status, doubtful.verification, refuted.verification) == ("resolved", "unconfirmed", "refuted")
    assert done.source.resource_type != "Condition"
    assert (chart.conditions_sent, chart.active_conditions) == (5, 5)


def test_medicines() -> None:
    chart = read_example(
        "fluoxetine from 100 to 20 days ago; sertraline from 90 days ago; prednisone ordered 80 days ago; fingolimod undated"
    )
    ended, current, ordered, undated = chart.exposures
    assert (ended.start, ended.end, current.end, undated.start) == (TODAY - 100, TODAY - 20, None, None)
    assert (ordered.stated_start, ordered.group) == (False, DrugGroup.STEROID_SYSTEMIC)
    assert (chart.oldest_medicine, chart.medicines_sent, chart.medicines_recognised) == (TODAY - 100, 4, 4)
    assert chart.oldest_medicine_source == ended.source
    assert read_example("").oldest_medicine is None


def test_everything_else() -> None:
    chart = read_example("aged 17; declined screening, 9 days ago; incomplete Observation; a condition")
    assert chart.patient.birth_first == chart.patient.birth_last
    assert chart.declined_screening == (TODAY - 9,)
    assert chart.not_covered == {"Observation": "the caller says so"}
    assert chart.conditions_sent == 1
    assert read_example("aged unknown").patient.birth_first == EARLIEST
    assert read_example("history fetched").history_complete
    (flag,) = read_example("PHQ-9 item 9 = 1, 50 days ago; flag of suicidality-recorded for clause 1").flags
    assert (flag.rule, flag.evidence) == ("suicidality-recorded", ("Example/1",))


@pytest.mark.parametrize(
    "clause", ["nonsense", "aspirin from 9 days ago", "PHQ-77 3", "CRP high", "unicorn, 3 days ago"]
)
def test_a_clause_that_it_does_not_have_is_refused(clause: str) -> None:
    with pytest.raises(UnknownClause):
        read_example(clause)
