"""Is contracts/ written from the rules and routes, and is drift found?"""

import json
from pathlib import Path

import pytest

import service
from service.api.example import example_request
from service.assessment import Context
from service.cli.contracts import contracts_folder
from service.cli.generating import differences, generate
from service.fhir.artifacts import all_artifacts
from service.settings import Settings, SettingsError
from tests.cli.calling import call

DRIFTED = 4


@pytest.fixture
def contracts(tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "contracts"
    for name, request in (("answered", example_request(context)), ("refused", {"resourceType": "Patient"})):
        example = folder / "examples" / name
        example.mkdir(parents=True)
        (example / "request.json").write_text(json.dumps({**request, "asOf": ""}), encoding="utf-8")
    package = tmp_path / "service" / "__init__.py"
    monkeypatch.setattr(service, "__file__", str(package))
    return folder


def test_writes_everything_once(contracts: Path, context: Context) -> None:
    written = generate(contracts)
    assert set(written) == {
        "openapi.json",
        "settings.md",
        *(f"cds-hooks/{name}.json" for name in ("discovery", "request", "answer", "feedback")),
        "examples/answered/response.json",
        "examples/refused/response.json",
        "rules/README.md",
        *(f"fhir/{path}" for path in all_artifacts()),
        *(f"rules/{rule.name}.md" for rule in context.rule_set.rules),
    }
    assert generate(contracts) == []
    for path in contracts.rglob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))


def test_every_setting_is_on_its_page(contracts: Path) -> None:
    generate(contracts)
    page = (contracts / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        (line,) = (line for line in page.splitlines() if line.startswith(f"| `MOODMARKER_{name.upper()}` |"))
        assert str(field.description) in line
    assert "| a whole number from 0 up to 65535 | `8080` |" in page


def test_an_example_holds_its_answer_or_why_there_is_none(contracts: Path) -> None:
    generate(contracts)
    answered, refused = (
        json.loads((contracts / "examples" / name / "response.json").read_text(encoding="utf-8"))
        for name in ("answered", "refused")
    )
    assert answered["resourceType"] == "Bundle"
    assert refused["resourceType"] == "OperationOutcome"


def test_settings_of_this_machine_change_nothing(contracts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(contracts)
    monkeypatch.setenv("MOODMARKER_TIME_ZONE", "Asia/Tokyo")
    assert differences(contracts) == {}


def test_drift_is_listed_and_nothing_written(contracts: Path) -> None:
    generate(contracts)
    (contracts / "openapi.json").write_text("{}", encoding="utf-8")
    (contracts / "rules" / "gone.md").write_text("of a rule that is no more", encoding="utf-8")
    called = call("generate", "--check")
    assert called.code == DRIFTED
    assert called.out.splitlines() == ["contracts/openapi.json", "contracts/rules/gone.md"]
    assert "run moodmarker generate" in called.err
    assert (contracts / "rules" / "gone.md").exists()


def test_generate_mends_drift(contracts: Path) -> None:
    generate(contracts)
    (contracts / "rules" / "gone.md").write_text("of a rule that is no more", encoding="utf-8")
    assert call("generate").out.splitlines() == ["contracts/rules/gone.md"]
    assert not (contracts / "rules" / "gone.md").exists()
    assert call("generate", "--check").code == 0


def test_an_example_without_an_as_of_is_refused(contracts: Path) -> None:
    (contracts / "examples" / "answered" / "request.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SettingsError, match="asOf"):
        generate(contracts)


def test_an_installed_package_has_no_contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "__file__", str(tmp_path / "service" / "__init__.py"))
    with pytest.raises(SettingsError, match="checkout"):
        contracts_folder()
    assert call("generate").code == 2
