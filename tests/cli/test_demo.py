"""Does the demonstration start the service, show its patients, end by itself, and tell when it fails?"""

from typing import Any

import pytest

from service.cli import demonstration
from service.cli.contracts import contracts_folder
from service.cli.timeline import brief
from tests.cli.calling import call


@pytest.fixture(autouse=True)
def _service_untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service that is started here has tests of its own."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


def test_shows_every_patient_and_ends() -> None:
    called = call("demo")
    assert called.code == 0, called.err
    for name in demonstration.PATIENTS:
        title = (contracts_folder() / "examples" / name / "README.md").read_text(encoding="utf-8").splitlines()[0]
        assert title.lstrip("# ") in called.out
    assert "Moodmarker-Urgent: true" in called.out
    assert "in the suggested plan" in called.out
    assert "could not be decided" in called.out
    assert "The answer must" not in called.out
    assert called.err == ""


def test_a_service_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "HOST", "127.0.0.256")
    assert call("demo").code == 1


def test_a_service_that_ends_early_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "_free_port", lambda: 70000)
    assert call("demo").code == 1


def test_an_answer_that_is_no_success_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "CHECK_PATH", "/nowhere")
    assert call("demo").code == 1


def _entry(**resource: Any) -> dict[str, Any]:
    return {"resource": {"resourceType": "Observation"} | resource}


def _lines(*resources: dict[str, Any], most: int = 3) -> list[str]:
    return brief({"entry": [_entry(**one) for one in resources]}, most)


def _thing(day: int, **value: Any) -> dict[str, Any]:
    code = {"coding": [{"code": "1", "display": "A thing"}]}
    return {"code": code, "effectiveDateTime": f"2026-01-{day:02}", **value}


def test_a_timeline_is_brief_and_in_order() -> None:
    things = [_thing(day, valueQuantity={"value": day, "unit": "mg"}) for day in range(9, 0, -1)]
    assert _lines(*things) == [
        "(6 earlier days)",
        "2026-01-07  A thing: 7 mg",
        "2026-01-08  A thing: 8 mg",
        "2026-01-09  A thing: 9 mg",
    ]


def test_of_a_full_day_the_numbers_come_first_and_the_rest_is_counted() -> None:
    words = [_thing(1, valueString=word) for word in ("a", "b", "c", "d")]
    told = _lines(*words, _thing(1, valueInteger=14))
    assert told == [
        "2026-01-01  A thing: 14",
        "2026-01-01  A thing: a",
        "2026-01-01  A thing: b",
        "2026-01-01  and 2 more",
    ]


def test_a_long_name_is_shortened() -> None:
    (line,) = _lines(_thing(1, valueString="x" * 200))
    assert line.endswith("x…")
    assert len(line) < 110


@pytest.mark.parametrize(
    ("resource", "line"),
    [
        (
            {"effectivePeriod": {"end": "2026-01-02T1"}, "code": {"text": "T"}, "valueBoolean": False},
            "T: False",
        ),
        (
            {"effectiveDateTime": "2026-01-02", "valueCodeableConcept": {"coding": [{"display": "yes"}]}},
            "Observation: yes",
        ),
        (
            {"effectiveDateTime": "2026-01-02", "code": {"coding": [{"code": "c"}]}, "valueString": "<5"},
            "c: <5",
        ),
        (
            {
                "effectiveDateTime": "2026-01-02",
                "valueQuantity": {"value": 5, "comparator": "<", "unit": "{score}"},
            },
            "Observation: <5",
        ),
        (
            {
                "resourceType": "Immunization",
                "occurrenceDateTime": "2026-01-02",
                "vaccineCode": {"text": "V"},
            },
            "V",
        ),
    ],
)
def test_a_timeline_names_what_there_is(resource: dict[str, Any], line: str) -> None:
    assert _lines(resource) == [f"2026-01-02  {line}"]


def test_a_timeline_leaves_out_what_is_spoilt() -> None:
    spoilt = [
        None,
        {},
        {"resource": 3},
        _entry(),
        _entry(effectiveDateTime="2026", code=[]),
        _entry(period=7),
    ]
    assert brief({"entry": spoilt}, 3) == []
    assert brief({}, 3) == []
