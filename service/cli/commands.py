"""The commands, their options and their exit codes.

Exit codes, the same for every command:
  0  answered
  1  an unexpected failure
  2  the command line or a setting is wrong
  3  the input could not be evaluated; standard error says what to mend. `probe`: the server cannot be used
  4  `generate --check` found files that differ from what the rules and routes give
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from service.cli.keys import keys
from service.cli.ledger import ledger, receipts
from service.errors import Problem
from service.fhir.operation import named
from service.settings import SettingsError, load_settings

_NAMED = named("system")
FAILED, WRONG_USAGE, NOT_EVALUATED, DRIFTED = 1, 2, 3, 4
_EPILOG = (
    "Exit codes: 0 answered; 1 unexpected failure; 2 wrong command line or setting; "
    "3 the input could not be evaluated, or the server that was probed cannot be used; "
    "4 generate --check found differences. "
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
app.add_typer(keys)
app.add_typer(ledger)
app.add_typer(receipts)


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
    site: Annotated[
        Path | None, typer.Option(help="Check this file of rules, and show what it would change.", metavar="FILE")
    ] = None,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Show instead what clinicians did with the cards, by rule and version.")
    ] = False,
) -> None:
    """List the rules as this site runs them, or print one rule's page."""
    from service.cli.rule_list import list_rules, show_rule

    settings = load_settings() if site is None else load_settings(site_rules=site)
    if feedback:
        from service.cli.feedback_list import list_feedback

        list_feedback(name, settings)
    elif name is None:
        list_rules(settings)
    else:
        show_rule(name, settings)


@app.command()
def demo() -> None:
    """Start the service, ask it about made-up patients, print what it says, and end."""
    from service.cli.demonstration import DemonstrationFailed, demonstrate
    from service.cli.starting import NotStarted

    try:
        demonstrate()
    except (DemonstrationFailed, NotStarted) as failure:
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
    from service.cli.stack import Ports, run_stack
    from service.cli.starting import NotStarted

    try:
        run_stack(program, Ports(port, fhir_port))
    except NotStarted as failure:
        _end(f"The stack did not start: {failure}.", FAILED)


@app.command()
def probe(
    url: Annotated[
        str | None, typer.Argument(help="The base of a FHIR server; plain http on this machine only.")
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="A configured server, asked with its credentials, in place of a URL.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option(help="An id of a patient to fetch; nothing of them is printed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell what a FHIR server can and cannot do for this service, and the settings that fit it."""
    from service.cli.probe import probe as run

    if not run(url, server, patient, load_settings(), as_json=as_json):
        raise typer.Exit(NOT_EVALUATED)


@app.command()
def subscribe(
    server: Annotated[str | None, typer.Argument(help="The configured server; --list and --renew take all.")] = None,
    topic: Annotated[
        str | None, typer.Option(help="Subscribe to this topic (R4 backport), not by search of what the rules read.")
    ] = None,
    filter_: Annotated[
        list[str] | None, typer.Option("--filter", help="Narrow the topic, as in Observation?category=survey.")
    ] = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Search this resource type; unset: all that the rules read.")
    ] = None,
    content: Annotated[
        str | None,
        typer.Option(help="empty, id-only or full-resource; unset: id-only of a topic, else full-resource."),
    ] = None,
    heartbeat: Annotated[int, typer.Option(min=1, help="Seconds between heartbeats of a topic.")] = 60,
    days: Annotated[int | None, typer.Option(min=1, help="Have it end after this many days; unset: never.")] = None,
    renew: Annotated[bool, typer.Option("--renew", help="Ask again, as after an end, an error or a new key.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="End the subscriptions to the server.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show the subscriptions and how they are.")] = False,
) -> None:
    """Have a FHIR server notify this service of new data, or look after that."""
    from service.cli import subscriptions

    settings = load_settings()
    if renew + delete + list_ > 1:
        raise typer.BadParameter("give one of --renew, --delete and --list")
    if list_:
        subscriptions.show(settings, server)
    elif renew:
        began = subscriptions.renew(settings, server, subscriptions.end_after(days))
        raise typer.Exit(0 if began else NOT_EVALUATED)
    elif server is None:
        raise typer.BadParameter("name the server")
    elif delete:
        subscriptions.delete(settings, server)
    else:
        wanted = subscriptions.Choice(
            topic or "",
            tuple(filter_ or ()),
            tuple(type_ or ()),
            content,
            heartbeat=heartbeat,
            end=subscriptions.end_after(days),
        )
        raise typer.Exit(0 if subscriptions.subscribe(settings, server, wanted) else NOT_EVALUATED)


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
