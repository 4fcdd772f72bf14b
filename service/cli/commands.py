"""The commands, their options and their exit codes.

Exit codes, the same for every command:
  0  answered
  1  an unexpected failure
  2  the command line or a setting is wrong
  3  the input could not be evaluated; standard error says what to mend
  4  `generate --check` found files that differ from what the rules and routes give
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from service.errors import Problem
from service.fhir.operation import named
from service.settings import SettingsError, load_settings

_NAMED = named("system")
FAILED, WRONG_USAGE, NOT_EVALUATED, DRIFTED = 1, 2, 3, 4
_EPILOG = (
    "Exit codes: 0 answered; 1 unexpected failure; 2 wrong command line or setting; "
    "3 the input could not be evaluated; 4 generate --check found differences. "
    "Settings are MOODMARKER_* variables, or a TOML file that MOODMARKER_CONFIG names."
)
app = typer.Typer(
    name="moodmarker",
    help="Pairs mood change with immune activity in FHIR R4 data and returns Flags and a CarePlan.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> NoReturn:
    """Runs the command line and ends the process with its exit code."""
    try:
        app()
    except SettingsError as error:
        _end(str(error), WRONG_USAGE)
    except Problem as problem:
        _end(f"{problem.expression}: {problem.text}" if problem.expression else problem.text, NOT_EVALUATED)
    except Exception as error:  # its text may repeat patient data, so it is not printed
        frame = traceback.extract_tb(error.__traceback__)[-1]
        _end(f"Unexpected failure: {type(error).__qualname__} at {frame.filename}:{frame.lineno}", FAILED)
    sys.exit(0)


def _end(text: str, code: int) -> NoReturn:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(text)
    sys.exit(code)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
) -> None:
    """Serve HTTP until interrupted; on 127.0.0.1 unless told otherwise."""
    given = {"host": host, "port": port, "workers": workers}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    from service.api.serving import serve as run

    run(settings)


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="A Parameters, a Bundle, one resource, or NDJSON; - reads standard input.")
    ],
    as_of: Annotated[str | None, typer.Option(help=_NAMED["asOf"].described)] = None,
    pretty: Annotated[
        bool, typer.Option("--pretty", help="Print what a clinician would read, not the Bundle.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help=_NAMED["mode"].sentence)] = False,
    explain: Annotated[str | None, typer.Option(help=_NAMED["explain"].described)] = None,
    as_: Annotated[str | None, typer.Option("--as", help=_NAMED["as"].described)] = None,
    subject: Annotated[str | None, typer.Option(help=_NAMED["subject"].described)] = None,
    incomplete: Annotated[list[str] | None, typer.Option(help=_NAMED["incomplete"].described)] = None,
) -> None:
    """Evaluate one patient's FHIR data; print the answer Bundle and nothing else."""
    from service.cli.checking import check as run

    one_each = {"asOf": as_of, "explain": explain, "mode": "strict" if strict else None, "as": as_, "subject": subject}
    sent = {name: (value,) for name, value in one_each.items() if value is not None}
    run(file, {**sent, "incomplete": tuple(incomplete or ())}, load_settings(), pretty=pretty)


@app.command()
def rules(
    name: Annotated[str | None, typer.Argument(help="The rule to read about; without it all are listed.")] = None,
) -> None:
    """List the rules as this site runs them, or print one rule's page."""
    from service.cli.rule_list import list_rules, show_rule

    settings = load_settings()
    if name is None:
        list_rules(settings)
    else:
        show_rule(name, settings)


@app.command()
def demo() -> None:
    """Start the service, ask it about made-up patients, print what it says, and end."""
    from service.cli.demonstration import DemonstrationFailed, demonstrate

    try:
        demonstrate()
    except DemonstrationFailed as failure:
        _end(f"The demonstration failed: {failure}.", FAILED)


@app.command()
def patients(
    url: Annotated[str, typer.Argument(help="The base of a FHIR server that holds no real patients.")],
) -> None:
    """Store the made-up patients of contracts/examples in a local FHIR server."""
    from service.cli.local_patients import LoadingFailed, load_when_ready

    try:
        for name in load_when_ready(url):
            typer.echo(f"Patient/{name}")
    except LoadingFailed as failure:
        _end(f"The patients were not stored: {failure}.", FAILED)


@app.command()
def stack(
    program: Annotated[Path, typer.Argument(help="The sekmet program, which is the FHIR server.")],
    port: Annotated[int, typer.Option(help="Port of the service.")] = 8080,
    fhir_port: Annotated[int, typer.Option(help="Port of the FHIR server.")] = 8100,
) -> None:
    """Run a local FHIR server with made-up patients and the service beside it, until interrupted."""
    from service.cli.stack import Ports, StackFailed, run_stack

    try:
        run_stack(program, Ports(port, fhir_port))
    except StackFailed as failure:
        _end(f"The stack did not start: {failure}.", FAILED)


@app.command()
def generate(
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; list what differs.")] = False,
) -> None:
    """Write contracts/ anew from the rules and routes (in a checkout of the project)."""
    from service.cli.contracts import contracts_folder
    from service.cli.generating import differences
    from service.cli.generating import generate as write

    contracts = contracts_folder()
    differing = list(differences(contracts)) if check_only else write(contracts)
    for path in differing:
        typer.echo(f"contracts/{path}")
    if check_only and differing:
        typer.echo(f"{len(differing)} files are not as generated: run moodmarker generate.", err=True)
        raise typer.Exit(DRIFTED)
