"""`moodmarker generate`: everything in contracts/ that follows from the rules and the routes.

A generator gives paths inside contracts/ with their content. It sees the default settings only, so that
the files are the same on every machine. A folder in `OWNED` holds nothing but what a generator gave.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from service.assessment import CheckOptions, Context, assess
from service.cli.hazard_log import hazard_page, read_hazards
from service.cli.settings_page import settings_page
from service.cli.threat_model import read_threats, threat_page
from service.domain.pages import index, page
from service.errors import Problem
from service.fhir.artifacts import all_artifacts
from service.fhir.outcomes import outcome_of_problem
from service.settings import Settings, SettingsError
from service.telemetry import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OWNED = ("fhir", "rules")
_NOTHING = CheckOptions()


def generate(contracts: Path) -> list[str]:
    """Writes what differs and removes what no generator gives any more; returns the paths touched."""
    differing = differences(contracts)
    for path, content in differing.items():
        target = contracts / path
        if content is None:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return list(differing)


def differences(contracts: Path) -> dict[str, bytes | None]:
    """Each path whose file is not as generated, with what it should hold; None: it should not be there."""
    wanted = dict(_generated(contracts))
    differing: dict[str, bytes | None] = {
        path: content for path, content in wanted.items() if _held(contracts / path) != content
    }
    for folder in OWNED:
        for file in sorted((contracts / folder).rglob("*")):
            path = file.relative_to(contracts).as_posix()
            if file.is_file() and path not in wanted:
                differing[path] = None
    return dict(sorted(differing.items()))


def _held(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _generated(contracts: Path) -> Iterator[tuple[str, bytes]]:
    context = Context.load(Settings.model_construct())
    for generator in GENERATORS:
        yield from generator(context, contracts)


def _openapi(context: Context, _contracts: Path) -> Iterator[tuple[str, bytes]]:
    from service.api.application import create_routes
    from service.api.endpoints import Endpoints
    from service.api.pages import openapi_document

    settings, metrics = Settings.model_construct(), Metrics()
    routes = create_routes(settings, context, metrics, Endpoints(context, settings, metrics))
    yield "openapi.json", _pretty(msgspec.json.encode(openapi_document(routes, context, settings)))


def _cds_hooks(context: Context, _contracts: Path) -> Iterator[tuple[str, bytes]]:
    from service.api.cds_example import CdsExample

    example = CdsExample(Settings.model_construct(), context)
    for name in ("discovery", "request", "answer", "feedback"):
        yield f"cds-hooks/{name}.json", _pretty(msgspec.json.encode(getattr(example, name)))


def _settings(_context: Context, _contracts: Path) -> Iterator[tuple[str, bytes]]:
    yield "settings.md", settings_page().encode()


def _artifacts(_context: Context, _contracts: Path) -> Iterator[tuple[str, bytes]]:
    for path, resource in all_artifacts().items():
        yield f"fhir/{path}", _pretty(msgspec.json.encode(resource))


def _rule_pages(context: Context, _contracts: Path) -> Iterator[tuple[str, bytes]]:
    rules = context.rule_set.rules
    yield "rules/README.md", index(rules).encode()
    for rule in rules:
        yield f"rules/{rule.name}.md", page(rule, context.terminology.codes_of).encode()


def _hazard_log(_context: Context, contracts: Path) -> Iterator[tuple[str, bytes]]:
    log = contracts / "hazards" / "hazards.json"
    if log.is_file():
        yield "hazards/hazards.md", hazard_page(read_hazards(log.read_bytes())).encode()


def _threat_model(_context: Context, contracts: Path) -> Iterator[tuple[str, bytes]]:
    model = contracts / "hazards" / "threats.json"
    if model.is_file():
        yield "hazards/threats.md", threat_page(read_threats(model.read_bytes())).encode()


def _golden_responses(context: Context, contracts: Path) -> Iterator[tuple[str, bytes]]:
    for request in sorted(contracts.glob("examples/*/request.json")):
        response = request.with_name("response.json").relative_to(contracts).as_posix()
        yield response, _pretty(answer_example(request, context))


def answer_example(request: Path, context: Context) -> bytes:
    """The service's answer to an example, or the outcome that refuses it."""
    body = request.read_bytes()
    if b'"asOf"' not in body:
        raise SettingsError(f"{request} has no asOf, so its answer would change with the day.")
    try:
        return assess(body, _NOTHING, context, datetime.now(UTC)).body
    except Problem as problem:
        return outcome_of_problem(problem)


def _pretty(document: bytes) -> bytes:
    return msgspec.json.format(document, indent=2) + b"\n"


GENERATORS: tuple[Callable[[Context, Path], Iterator[tuple[str, bytes]]], ...] = (
    _openapi,
    _cds_hooks,
    _settings,
    _artifacts,
    _rule_pages,
    _hazard_log,
    _threat_model,
    _golden_responses,
)
