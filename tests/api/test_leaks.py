"""Does anything of a patient reach a log, a number or an error?"""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from service.api import check as checking
from service.api.edge import Edge
from service.telemetry import configure_logging
from tests.api.asking import CHECK, FHIR, ask, check, parameters

MARK = "ZQXMARKED"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": f"{MARK}-id",
    "identifier": [{"system": "urn:mrn", "value": f"{MARK}-mrn"}],
    "name": [{"family": f"{MARK}-family", "given": [f"{MARK}-given"]}],
    "birthDate": "1984-03-05",
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": f"{MARK}-observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}], "text": f"{MARK}-code"},
    "subject": {"reference": f"Patient/{MARK}-id", "display": f"{MARK}-display"},
    "effectiveDateTime": "2026-06-01",
    "valueString": f"{MARK}-value",
    "note": [{"text": f"{MARK}-note"}],
}
OTHER = {"resourceType": "Patient", "id": "other", "name": [{"family": f"{MARK}-other"}]}


class _Lines:
    """Standard error, as far as the log needs it."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()

    def text(self) -> str:
        return self.buffer.getvalue().decode()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Lines]:
    captured = _Lines()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", captured)
        configure_logging("debug")
    yield captured
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


@pytest.fixture
def app(make_app: Callable[..., Edge]) -> Edge:
    """One for each test, as it keeps the log that it was made with."""
    return make_app()


def _bodies() -> dict[str, bytes]:
    good = parameters([PATIENT, OBSERVATION], asOf="2026-06-30")
    return {
        "answered": good,
        "two patients": parameters([PATIENT, OTHER]),
        "cut short": good[:-9],
        "wrong type": parameters([PATIENT, {**OBSERVATION, "status": [f"{MARK}-status"]}]),
        "wrong parameter": json.dumps(
            {
                "resourceType": "Parameters",
                "parameter": [{"name": f"{MARK}-name", "valueString": f"{MARK}-text"}],
            }
        ).encode(),
        "wrong date": parameters([PATIENT], asOf=f"{MARK}-date"),
        "not the shape": json.dumps({"resourceType": f"{MARK}-type", f"{MARK}-key": MARK}).encode(),
    }


@pytest.mark.parametrize("case", _bodies())
def test_no_log_line_and_no_number_holds_a_mark(app: Edge, lines: _Lines, case: str) -> None:
    check(app, _bodies()[case], f"?subject=Patient/{MARK}-id")
    check(app, _bodies()[case])
    ask(app, "GET", f"/fhir/Patient/{MARK}-id")
    ask(app, "POST", f"/fhir/Patient/{MARK}-id/$mood-immune-check?{MARK}=1", content=b"{}", headers=FHIR)
    assert lines.text().count("\n") == 4
    assert MARK not in lines.text()
    assert MARK not in ask(app, "GET", "/metrics").text


@pytest.mark.parametrize("case", [name for name in _bodies() if name not in {"answered", "wrong type", "two patients"}])
def test_no_error_holds_a_mark(app: Edge, case: str) -> None:
    refused = check(app, _bodies()[case])
    assert refused.status_code == 400
    assert MARK not in refused.text


def test_a_second_patient_is_named_by_reference_alone(app: Edge) -> None:
    refused = check(app, _bodies()["two patients"])
    assert refused.status_code == 422
    for part in ("mrn", "family", "given", "other", "display"):
        assert f"{MARK}-{part}" not in refused.text


def test_a_fault_is_logged_by_kind_and_place(app: Edge, lines: _Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(body: bytes, *_: object) -> None:
        raise ValueError(body)

    monkeypatch.setattr(checking, "assess", fail)
    check(app, _bodies()["answered"], X_Request_Id="this-one")
    failed, answered = (json.loads(line) for line in lines.text().splitlines())
    assert (failed["event"], failed["error"], failed["request_id"]) == ("failed", "ValueError", "this-one")
    assert failed["frames"][-1].endswith(" fail")
    assert (answered["route"], answered["status"]) == (CHECK, 500)
    assert MARK not in lines.text()


def test_foreign_loggers_are_rewritten_without_the_text_of_errors(lines: _Lines) -> None:
    try:
        raise RuntimeError(MARK)
    except RuntimeError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    logging.getLogger("httpx").info("GET https://ehr.example/Patient/%s", MARK)
    (line,) = (json.loads(line) for line in lines.text().splitlines())
    assert line["event"] == "Exception in ASGI application"
    assert line["error"] == "RuntimeError"
    assert MARK not in lines.text()


def test_probes_are_not_logged_unless_asked_for(app: Edge, lines: _Lines) -> None:
    ask(app, "GET", "/health/live")
    assert json.loads(lines.text())["level"] == "debug"


def test_a_line_names_the_problem(app: Edge, lines: _Lines, make_app: Callable[..., Edge]) -> None:
    check(app, b"{")
    assert json.loads(lines.text())["problem"] == "BodyUnreadable"
