"""Which records make one relapse, and which make none?"""

import pytest

from service.domain.concepts import Concept
from service.domain.days import EARLIEST, LATEST
from service.domain.examples import TODAY
from tests.domain.asking import timeline
from tests.domain.facts import chart, relapse


@pytest.mark.parametrize(("apart", "relapses"), [(0, 1), (30, 1), (31, 2)])
def test_records_up_to_30_days_after_the_onset_belong_to_the_relapse(apart: int, relapses: int) -> None:
    made = timeline(chart(relapse(100 - apart), relapse(100))).relapses
    assert len(made) == relapses
    assert made[0].onset == TODAY - 100


def test_there_is_no_chaining() -> None:
    made = timeline(chart(relapse(100), relapse(80), relapse(60), relapse(40)))
    assert [(TODAY - one.onset, len(one.records)) for one in made.relapses] == [(100, 2), (60, 2)]


@pytest.mark.parametrize(
    ("verification", "relapses"),
    [
        ("", 1),
        ("confirmed", 1),
        ("unconfirmed", 1),
        ("provisional", 1),
        ("refuted", 0),
        ("differential", 0),
        ("entered-in-error", 0),
    ],
)
def test_what_was_refuted_is_no_relapse(verification: str, relapses: int) -> None:
    assert len(timeline(chart(relapse(20, verification=verification))).relapses) == relapses


def test_a_denial_is_no_relapse() -> None:
    made = timeline(chart(relapse(20, asserted=False, kind="Observation")))
    assert not made.relapses
    assert not made.undated_relapses


def test_a_relapse_without_a_day_is_kept_apart() -> None:
    undated = relapse(20, first=EARLIEST, last=LATEST)
    month = relapse(20, first=TODAY - 29, last=TODAY)
    refuted = relapse(20, first=EARLIEST, last=LATEST, verification="refuted")
    made = timeline(chart(undated, month, refuted))
    assert not made.relapses
    assert made.undated_relapses == [undated, month]


def test_the_recorded_date_is_no_onset() -> None:
    imported = relapse(20, first=EARLIEST, last=LATEST, recorded_first=TODAY - 5, recorded_last=TODAY - 5)
    assert not timeline(chart(imported)).relapses


def test_a_diagnosis_of_multiple_sclerosis_is_no_relapse() -> None:
    assert not timeline(chart(relapse(20, concepts=frozenset({Concept.MS_FAMILY})))).relapses
