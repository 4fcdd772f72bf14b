"""Does everything that the integration guide names exist, and are its examples taken as they stand?"""

from __future__ import annotations

import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from starlette.routing import Route

from service.api.application import create_app
from service.api.documentation import CHECK_PATH
from service.api.edge import Edge
from service.api.errors import STATUS
from service.assessment import Context
from service.cds_hooks.names import SERVICE_ID
from service.cli.commands import app as commands
from service.fhir.artifacts import all_artifacts
from service.security.rotation import make_key
from service.settings import PREFIX, CdsClient, FhirServer, Issuer, Settings, load_settings
from service.terminology.units import accepted_units
from tests.api.asking import FHIR, ask
from tests.architecture.tree import ROOT

GUIDE = ROOT / "contracts" / "integration.md"
TEXT = GUIDE.read_text(encoding="utf-8")
PROSE = re.sub(r"(?ms)^```.*?^```$", "", TEXT)
QUOTED = re.findall(r"`([^`\n]+)`", PROSE)
COMMANDS: Any = typer.main.get_command(commands)
METHODS = ("GET", "POST", "PUT", "DELETE")


def blocks(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", TEXT)


def example(resource_type: str) -> dict[str, Any]:
    """The one example of a type."""
    (found,) = [one for one in map(json.loads, blocks("json")) if one["resourceType"] == resource_type]
    return dict(found)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def app() -> Edge:
    settings = Settings.model_construct()
    return create_app(settings, Context.load(settings))


def test_every_setting_exists() -> None:
    named = {name.removeprefix(PREFIX).lower() for name in re.findall(rf"{PREFIX}[A-Z_]+", TEXT)} - {"config"}
    assert len(named) > 10
    assert named <= set(Settings.model_fields)


def test_every_setting_of_a_server_exists() -> None:
    words = {word.partition(" = ")[0] for word in QUOTED if re.fullmatch(r"[a-z]+_[a-z_]+|write = true|token", word)}
    words = {word for word in words if not word.startswith("moodmarker_")}
    assert {"write", "write_as", "token"} <= words
    assert words <= set(FhirServer.model_fields) | set(CdsClient.model_fields) | set(Issuer.model_fields)


def test_every_number_exists(app: Edge) -> None:
    named = {word for word in QUOTED if word.startswith("moodmarker_")}
    assert named
    shown = set(re.findall(r"(?m)^# TYPE (\w+) ", ask(app, "GET", "/metrics").text))
    assert named <= shown | {name.removesuffix("_total") for name in shown}


def is_of_rules(toml: str) -> bool:
    """Whether a block is a file of rules, and not of settings."""
    return "shadow" in tomllib.loads(toml)


RULES = [toml for toml in blocks("toml") if is_of_rules(toml)]
CONFIGURATIONS = [toml for toml in blocks("toml") if not is_of_rules(toml)]


@pytest.mark.parametrize("toml", RULES)
def test_each_file_of_rules_is_accepted(toml: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(toml, encoding="utf-8")
    rule_set = Context.load(Settings(site_rules=file)).rule_set
    given = tomllib.loads(toml)
    assert sorted(rule_set.shadow) == sorted(given["shadow"])
    assert rule_set.off >= set(given["off"])


@pytest.mark.parametrize("toml", CONFIGURATIONS, ids=lambda toml: toml.partition("\n")[0])
def test_each_configuration_is_accepted(toml: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_key(tmp_path / "keys", "ES384", 0)
    (tmp_path / "moodmarker.toml").write_text(toml, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOODMARKER_CONFIG", "moodmarker.toml")
    settings = load_settings()
    create_app(settings, Context.load(settings))
    given = tomllib.loads(toml)
    assert set(given.get("servers", {})) == set(settings.servers)
    assert set(given.get("cds_clients", {})) == set(settings.cds_clients)


def command_lines() -> Iterator[list[str]]:
    shell = [line for block in blocks("sh") for line in block.splitlines()]
    quoted = [re.sub(r"\bURL\b", "https://ehr.example/fhir", one) for one in QUOTED]
    for line in (*shell, *quoted):
        if line.startswith("moodmarker "):
            yield shlex.split(line)[1:]


@pytest.mark.parametrize("line", list(command_lines()), ids=" ".join)
def test_every_command_is_understood(line: list[str]) -> None:
    """Its words are parsed by the command itself, and nothing is run."""
    command, rest = COMMANDS, line
    while hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context("moodmarker", rest)


def test_options_that_stand_alone_exist() -> None:
    known = {option for one in COMMANDS.commands["probe"].params for option in one.opts}
    alone = {word.split()[0] for word in QUOTED if word.startswith("--")}
    assert alone
    assert alone <= known


def test_every_address_is_served(app: Edge) -> None:
    asked = {tuple(word.split()) for word in QUOTED if word.startswith(METHODS) and "/" in word}
    routes = [one for one in app.app.routes if isinstance(one, Route)]  # type: ignore[attr-defined]
    served = {(method, one.path.replace("{service}", SERVICE_ID)) for one in routes for method in one.methods or ()}
    assert len(asked) > 8
    assert asked <= served
    assert all(("GET", word) in served for word in QUOTED if word.startswith("/"))


def test_the_table_of_faults_is_that_of_the_service() -> None:
    rows = re.findall(r"(?m)^\| (\d{3}) \| `([a-z-]+)` \|", TEXT)
    assert len(rows) == len(set(rows))
    assert {(int(status), code) for status, code in rows} == {(status, kind.code) for kind, status in STATUS.items()}


def test_the_request_is_answered_as_the_guide_says(app: Edge) -> None:
    answer = ask(app, "POST", CHECK_PATH, json=example("Parameters"), headers=FHIR)
    assert answer.status_code == 200
    assert answer.headers["moodmarker-urgent"] == "true"
    kinds = [entry["resource"]["resourceType"] for entry in answer.json()["entry"]]
    assert kinds == ["Flag", "CarePlan", "OperationOutcome"]
    # The same Bundle, bare, with the rest in the query.
    as_of, data = example("Parameters")["parameter"]
    query = f"?asOf={as_of['valueDateTime']}"
    assert ask(app, "POST", CHECK_PATH + query, json=data["resource"], headers=FHIR).content == answer.content


def test_the_error_is_the_one_that_is_sent(app: Edge) -> None:
    answer = ask(app, "POST", f"{CHECK_PATH}?mode=fast", json=example("Parameters"), headers=FHIR)
    assert (answer.status_code, answer.json()) == (400, example("OperationOutcome"))


def test_the_concept_map_gives_a_local_code_its_meaning(app: Edge, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(json.dumps(example("ConceptMap")), encoding="utf-8")
    context = Context.load(load_settings(concept_map=path))
    (group,) = example("ConceptMap")["group"]
    (element,) = group["element"]
    lookup = context.terminology.lookup
    assert lookup[group["source"], element["code"]] == lookup[group["target"], element["target"][0]["code"]]


def test_the_units_are_those_that_are_read() -> None:
    told = re.search(r"CRP is read in ([^.]+)\.", TEXT)
    assert told is not None
    crp = next(one for one in analytes() if one.name == "CRP")
    assert tuple(re.split(r", | and ", " ".join(told[1].split()))) == accepted_units(crp)


def analytes() -> Iterator[Any]:
    from service.domain import analytes as measured

    return (one for one in vars(measured).values() if isinstance(one, measured.Analyte))


def test_the_codes_of_what_is_rejected_exist() -> None:
    codes = {one["code"] for one in all_artifacts()["CodeSystem/issue.json"]["concept"]}
    named = re.search(r"such as `([a-z-]+)` or `([a-z-]+)`", TEXT)
    assert named is not None
    assert set(named.groups()) <= codes


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert len(links) > 8
    assert [link for link in links if not (GUIDE.parent / link).exists()] == []


def test_the_readme_leads_here() -> None:
    assert "(contracts/integration.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
