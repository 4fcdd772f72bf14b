"""H06: the same thing sent twice counts once."""

import itertools
from typing import Any

import pytest

from tests.fhir.reading.feeding import (
    CRP,
    ITEM_1,
    ITEM_9,
    PHQ9,
    PHQ9_PANEL,
    concept,
    entry,
    observation,
    patient,
    quantity,
    read,
    resource,
    score_of,
)


def version(value: float, updated: str | None = None, number: str | None = None) -> dict[str, Any]:
    meta = {"lastUpdated": updated, "versionId": number}
    return observation(PHQ9, meta={key: one for key, one in meta.items() if one}, **score_of(value))


@pytest.mark.parametrize(
    ("older", "later"),
    [
        (version(5, "2026-03-01T10:00:00Z"), version(9, "2026-03-01T10:00:01Z")),
        (version(5, "2026-03-01T10:00:00.1Z"), version(9, "2026-03-01T10:00:00.2Z")),
        (version(5, "2026-03-01T12:00:00+02:00", "9"), version(9, "2026-03-01T10:30:00Z", "8")),
        (version(5, None, "9"), version(9, None, "10")),
        (version(5, "2026-03-01T10:00:00Z", "1"), version(9, "2026-03-01T10:00:00Z", "2")),
        (version(5, "2026-03-01T10:00:00Z", "1"), version(9, None, "2")),
    ],
)
def test_h06_later_version_of_a_resource_stands(older: dict[str, Any], later: dict[str, Any]) -> None:
    for entries in ((older, later), (later, older)):
        reading = read(*entries)
        assert [score.value for score in reading.chart.scores] == [9]
        assert reading.account.rejected == {"superseded": 1}


@pytest.mark.parametrize(
    "entries",
    [
        (version(5), version(9)),
        (version(5, None, "a"), version(9, None, "b")),
        (version(5, "2026-03-01"), version(9, "2026-03-02")),
        (version(5, None, "1"), observation(PHQ9, **score_of(9))),
    ],
)
def test_versions_that_nothing_tells_apart_are_both_kept(entries: tuple[dict[str, Any], ...]) -> None:
    assert [score.value for score in read(*entries).chart.scores] == [5, 9]


def test_withdrawn_version_takes_the_earlier_one_with_it() -> None:
    reading = read(version(9, None, "1"), observation(PHQ9, status="entered-in-error", meta={"versionId": "2"}))
    assert reading.chart.scores == ()
    assert reading.account.rejected == {"superseded": 1, "status-entered-in-error": 1}
    assert reading.chart.retracted == {"Observation/o"}


def test_superseded_withdrawal_retracts_nothing() -> None:
    withdrawn = observation(PHQ9, status="entered-in-error", meta={"versionId": "1"})
    assert read(withdrawn, version(9, None, "2")).chart.retracted == frozenset()


def test_what_another_server_withdrew_under_one_id_is_not_withdrawn_here() -> None:
    withdrawn = entry(observation(PHQ9, status="entered-in-error"), fullUrl="https://one.example/Observation/o")
    other = entry(observation(PHQ9, **score_of(9)), fullUrl="https://two.example/Observation/o")
    assert read(withdrawn, other).chart.retracted == frozenset()
    assert read(other, withdrawn).chart.retracted == frozenset()
    assert read(withdrawn).chart.retracted == {"Observation/o"}


def test_same_id_of_another_type_is_another_resource() -> None:
    reading = read(patient(), observation(PHQ9, "p", **score_of(9)))
    assert reading.account.used == 2


def test_older_version_of_what_nobody_reads_is_not_read() -> None:
    entries = (observation("8480-6", meta={"versionId": "1"}), observation("8480-6", meta={"versionId": "2"}))
    assert read(*entries).account.not_read == 2


@pytest.mark.parametrize(
    ("code", "value"),
    [(PHQ9, score_of(9)), (ITEM_1, {"valueInteger": 2}), (CRP, quantity(4)), ("80221-5", {"valueBoolean": True})],
)
def test_h06_same_value_at_the_same_time_counts_once(code: str, value: dict[str, Any]) -> None:
    reading = read(observation(code, "a", **value), observation(code, "b", **value))
    chart = reading.chart
    assert len(chart.scores) + len(chart.answers) + len(chart.results) == 1
    assert reading.account.rejected == {"duplicate": 1}
    assert reading.rejections[0].expression == "Bundle.entry[1].resource"


@pytest.mark.parametrize(
    "other",
    [
        observation(PHQ9, "b", **score_of(8)),
        observation(PHQ9, "b", effectiveDateTime="2026-03-02", **score_of(9)),
        observation(PHQ9, "b", effectiveDateTime="2026-03-01T10:00:00Z", **score_of(9)),
        observation(PHQ9, "b", status="preliminary", **score_of(9)),
    ],
)
def test_other_value_or_time_is_another_fact(other: dict[str, Any]) -> None:
    assert len(read(observation(PHQ9, "a", **score_of(9)), other).chart.scores) == 2


def test_h06_total_in_a_panel_and_by_itself_is_one_total() -> None:
    panel = observation(PHQ9_PANEL, "p", component=[{"code": concept(PHQ9), **score_of(9)}])
    for entries in ((panel, observation(PHQ9, "a", **score_of(9))), (observation(PHQ9, "a", **score_of(9)), panel)):
        reading = read(*entries)
        (score,) = reading.chart.scores
        assert score.response
        assert len(reading.rejections) == 1


def test_answers_in_two_responses_are_two_answers() -> None:
    forms = [
        resource(
            "QuestionnaireResponse",
            name,
            status="completed",
            authored="2026-03-01",
            item=[{"linkId": ITEM_1, "answer": [{"valueInteger": 2}]}],
        )
        for name in "ab"
    ]
    assert len(read(*forms).chart.answers) == 2


def test_undated_answers_and_questions_on_adversity_are_never_repetitions() -> None:
    undated = [observation(ITEM_9, name, effectiveDateTime=None, valueInteger=1) for name in "ab"]
    assert len(read(*undated).chart.answers) == 2
    adverse = [observation(code, code, valueBoolean=True) for code in ("82814-5", "82815-2")]
    assert len(read(*adverse).chart.answers) == 2


def test_entry_that_gave_something_else_stays_used() -> None:
    parts = [{"code": concept(ITEM_1), "valueInteger": 2}]
    reading = read(observation(PHQ9, "a", **score_of(9)), observation(PHQ9, "b", **score_of(9), component=parts))
    assert (reading.account.used, len(reading.rejections)) == (2, 1)


def test_repetition_inside_a_contained_resource_is_counted_against_its_container() -> None:
    inner = observation(ITEM_1, "i", subject=None, valueInteger=2)
    reading = read(observation(ITEM_1, "a", valueInteger=2), observation("8480-6", "b", contained=[inner]))
    assert reading.account.rejected == {"duplicate": 1}


@pytest.mark.parametrize(
    ("broken", "sound", "lost"),
    [
        ({"versionId": "1"}, {"versionId": "2"}, False),
        ({"lastUpdated": "2026-03-01T10:00:00Z"}, {"lastUpdated": "2026-03-01T10:00:01Z"}, False),
        ({"versionId": "2"}, {"versionId": "1"}, True),
        ({"versionId": "1"}, {}, True),
        ({}, {"versionId": "2"}, True),
        (3, {"versionId": "2"}, True),
        ({"versionId": 1}, {"versionId": "2"}, True),
    ],
)
def test_h06_an_older_version_that_cannot_be_read_says_nothing(broken: Any, sound: dict[str, str], lost: bool) -> None:
    first = observation(ITEM_9, valueInteger=1, status=3, meta=broken)
    second = observation(ITEM_9, valueInteger=0, meta=sound)
    for entries in ((first, second), (second, first)):
        reading = read(patient(), *entries)
        assert (len(reading.chart.answers) == 2) is lost
        assert lost or list(reading.account.rejected) == ["superseded"]


def test_h06_another_server_s_resource_of_one_id_is_no_later_version_of_it() -> None:
    broken = observation(ITEM_9, valueInteger=1, status=3, meta={"versionId": "1"})
    sound = observation(ITEM_9, valueInteger=0, meta={"versionId": "2"})
    for server, read_too in (("one", 1), ("two", 2)):
        first = entry(broken, fullUrl="https://one.example/Observation/o")
        second = entry(sound, fullUrl=f"https://{server}.example/Observation/o")
        assert len(read(patient(), first, second).chart.answers) == read_too


def test_h06_the_order_of_versions_does_not_matter_for_one_that_cannot_be_read() -> None:
    first, second, third = (observation(ITEM_9, valueInteger=0, meta={"versionId": str(n)}) for n in (1, 2, 3))
    broken = {**second, "status": 3}
    for order in itertools.permutations((first, broken, third)):
        assert read(patient(), *order).account.rejected == {"superseded": 2}


def test_what_was_withdrawn_and_stands_on_one_server_is_withdrawn() -> None:
    one = {"fullUrl": "https://one.example/Observation/o"}
    standing = entry(observation(PHQ9, **score_of(9)), **one)
    withdrawn = entry(observation(PHQ9, status="entered-in-error"), **one)
    assert read(standing, withdrawn).chart.retracted == {"Observation/o"}


@pytest.mark.parametrize("addressed", [False, True])
def test_what_stands_in_a_later_version_or_a_copy_is_not_withdrawn(addressed: bool) -> None:
    void = observation(PHQ9, status="entered-in-error", effectiveDateTime=5, meta={"versionId": "1"})
    later = observation(PHQ9, meta={"versionId": "2"}, **score_of(9))
    found = read(patient(), void, later)
    assert found.chart.retracted == frozenset()
    assert list(found.account.rejected) == ["superseded"]
    copy = entry(observation(PHQ9, status="entered-in-error"), fullUrl="https://a/Observation/o" if addressed else None)
    assert read(patient(), copy, observation(PHQ9, **score_of(9))).chart.retracted == frozenset()
