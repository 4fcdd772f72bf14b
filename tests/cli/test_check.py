"""Does `moodmarker check` print the answer and nothing else, and say what is wrong?"""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from service.cli import checking
from service.cli.contracts import contracts_folder
from service.cli.pretty import show
from service.fhir.operation import primitives
from tests.cli.calling import call

NOT_EVALUATED, WRONG_USAGE, FAILED = 3, 2, 1


def _resources(file: Path) -> list[dict[str, Any]]:
    parameters = json.loads(file.read_text(encoding="utf-8"))["parameter"]
    bundle = next(one["resource"] for one in parameters if one["name"] == "data")
    return [entry["resource"] for entry in bundle["entry"]]


def test_prints_the_answer_and_nothing_else(request_file: Path) -> None:
    called = call("check", str(request_file))
    assert called.code == 0
    assert called.err == ""
    assert json.loads(called.out)["type"] == "collection"
    assert called.out.count("\n") == 1


def test_reads_standard_input(request_file: Path) -> None:
    assert call("check", "-", given=request_file.read_bytes()) == call("check", str(request_file))


def test_reads_ndjson(request_file: Path) -> None:
    lines = "\n".join(json.dumps(one) for one in _resources(request_file)).encode()
    called = call("check", "-", "--as-of", "2026-06-30", given=lines)
    assert called.out == call("check", str(request_file)).out


def test_wraps_one_resource(request_file: Path) -> None:
    patient = json.dumps(_resources(request_file)[0]).encode()
    called = call("check", "-", given=patient)
    assert called.code == 0
    assert json.loads(called.out)["entry"][-1]["resource"]["resourceType"] == "OperationOutcome"


def test_options_reach_the_evaluation(request_file: Path) -> None:
    options = ("--explain", "full", "--as", "transaction", "--strict", "--incomplete", "Condition")
    called = call("check", str(request_file), *options)
    assert called.code == 0
    answer = json.loads(called.out)
    assert answer["resourceType"] == "Parameters"
    assert any(one["name"] == "guidance" for one in answer["parameter"])


@pytest.mark.parametrize(
    ("given", "arguments", "told"),
    [
        (b"no json", (), "JSON"),
        (b'{"resourceType":"Bundle","type":"history"}', (), "history"),
        (b'{"resourceType":"Bundle","type":"collection"}', ("--as-of", "yesterday"), "asOf"),
        (b'{"resourceType":"Bundle","type":"collection"}', ("--explain", "all"), "explain"),
    ],
)
def test_what_cannot_be_evaluated_is_told_on_standard_error(
    given: bytes, arguments: tuple[str, ...], told: str
) -> None:
    called = call("check", "-", *arguments, given=given)
    assert called.code == NOT_EVALUATED
    assert called.out == ""
    assert told in called.err


def test_the_element_at_fault_is_named() -> None:
    two = b'{"resourceType":"Patient","id":"a"}\n{"resourceType":"Patient","id":"b"}\n'
    called = call("check", "-", given=two)
    assert called.code == NOT_EVALUATED
    assert called.err.startswith("Bundle.entry[1]")


def test_a_file_that_is_not_there_is_told() -> None:
    called = call("check", "missing.json")
    assert called.code == NOT_EVALUATED
    assert "missing.json cannot be read" in called.err


def test_an_unexpected_failure_is_told_without_the_data(request_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("Jane Doe")

    monkeypatch.setattr(checking, "assess", fail)
    called = call("check", str(request_file))
    assert called.code == FAILED
    assert "KeyError at " in called.err
    assert "Jane" not in called.err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SITE_RULES", "no-such-file.toml", "MOODMARKER_SITE_RULES: no such file"),
        ("TIME_ZONE", "Nowhere", "MOODMARKER_TIME_ZONE"),
    ],
)
def test_a_wrong_setting_is_told(
    request_file: Path, name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MOODMARKER_{name}", value)
    called = call("check", str(request_file))
    assert called.code == WRONG_USAGE
    assert told in called.err


_MAPPED_TO_NOTHING = {
    "resourceType": "ConceptMap",
    "group": [
        {
            "source": "urn:example:codes",
            "target": "http://loinc.org",
            "element": [{"code": "A", "target": [{"code": "no-such-code", "equivalence": "equal"}]}],
        }
    ],
}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"resourceType": "Patient"}, "ConceptMap.resourceType: a ConceptMap (FHIR R4) is expected"),
        (_MAPPED_TO_NOTHING, "urn:example:codes|A -> http://loinc.org|no-such-code"),
    ],
)
def test_a_concept_map_that_cannot_be_used_is_told(
    request_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any], told: str
) -> None:
    unusable = tmp_path / "map.json"
    unusable.write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setenv("MOODMARKER_CONCEPT_MAP", str(unusable))
    called = call("check", str(request_file))
    assert called.code == WRONG_USAGE
    assert called.err.startswith(f"MOODMARKER_CONCEPT_MAP: {unusable}: {told}")


def test_a_concept_map_that_cannot_be_read_is_told(
    request_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "map.json"
    file.touch()
    monkeypatch.setenv("MOODMARKER_CONCEPT_MAP", str(file))

    def deny(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: deny(path) if path == file else read(path))
    called = call("check", str(request_file))
    assert called.code == WRONG_USAGE
    assert f"MOODMARKER_CONCEPT_MAP: {file} cannot be read (Permission denied)" in called.err


def test_the_command_line_itself(request_file: Path) -> None:
    assert call("check").code == WRONG_USAGE
    assert call("check", str(request_file), "--nonsense").code == WRONG_USAGE
    helped = call("--help")
    assert helped.code == 0
    assert "Exit codes" in helped.out


def test_the_installed_way(request_file: Path) -> None:
    command = [sys.executable, "-m", "service.cli", "check", str(request_file)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout)["resourceType"] == "Bundle"
    assert run.stderr == ""


@pytest.mark.parametrize("how", [(), ("--pretty",)])
def test_whoever_reads_only_the_beginning_is_no_failure(request_file: Path, how: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "service.cli", "check", str(request_file), *how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()  # before anything is written
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_help_tells_every_parameter_of_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    helped = " ".join(call("check", "--help").out.split())
    for parameter in primitives("system"):
        assert parameter.sentence in helped


def test_pretty_shows_what_a_clinician_reads(request_file: Path) -> None:
    shown = call("check", str(request_file), "--pretty")
    assert shown.code == 0
    answer = json.loads(call("check", str(request_file)).out)
    text = " ".join(shown.out.split())
    for resource in (entry["resource"] for entry in answer["entry"]):
        if resource["resourceType"] == "Flag":
            assert " ".join(resource["code"]["text"].split()) in text
        if resource["resourceType"] == "CarePlan":
            assert all(one["detail"]["description"] in text for one in resource["activity"])
        if resource["resourceType"] == "OperationOutcome":
            for told in (" ".join(issue["details"]["text"].split()) for issue in resource["issue"]):
                # What would clear a flag stands under the flag.
                assert told in text or told.partition("): ")[2] in text
    assert "Account" in shown.out


def test_pretty_reads_a_transaction_and_an_answer_without_flags(request_file: Path) -> None:
    assert "Account" in call("check", str(request_file), "--pretty", "--as", "transaction").out
    nothing = call("check", "-", "--pretty", given=b'{"resourceType":"Bundle","type":"collection"}')
    assert "No flag is raised" in nothing.out


def test_pretty_tells_what_was_rejected() -> None:
    request = contracts_folder() / "examples" / "item-nine-positive-beside-broken-entries" / "request.json"
    shown = call("check", str(request), "--pretty")
    assert "Left out of the evaluation" in shown.out
    assert "rejected: " in shown.out
    assert "High priority  " in shown.out


def test_pretty_shows_a_flag_and_a_plan_with_little_in_them() -> None:
    rule = {"coding": [{"code": "a-rule"}], "text": "A sentence."}
    flag = {"resourceType": "Flag", "status": "inactive", "code": rule, "period": {"end": "2026-06-30"}}
    plan = {"resourceType": "CarePlan", "status": "revoked"}
    told = {"severity": "information", "code": "informational", "details": {"text": "Told."}}
    outcome = {"resourceType": "OperationOutcome", "issue": [told]}
    entries = [{"resource": one} for one in (flag, plan, outcome)]
    out = Console(file=io.StringIO(), width=100)
    show(json.dumps({"resourceType": "Bundle", "entry": entries}).encode(), out)
    assert isinstance(out.file, io.StringIO)
    shown = out.file.getvalue()
    assert "a-rule  inactive until 2026-06-30" in shown
    assert "Evidence" not in shown
    assert "Plan (revoked)" in shown
