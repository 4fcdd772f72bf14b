"""The service's own signing keys: made, listed, replaced and removed on the command line."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.settings import SettingsError, load_settings, variable_of

if TYPE_CHECKING:
    from service.security.keys import SigningKey

keys = typer.Typer(
    name="keys",
    help="The keys that the service signs with, to get tokens from FHIR servers (SMART Backend Services).",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class _Algorithm(StrEnum):
    """What servers may ask for; both stand in one key set."""

    ES384 = "ES384"
    RS384 = "RS384"


_Folder = Annotated[Path | None, typer.Option(help="The folder of the keys; unset: MOODMARKER_KEYS.")]
_Only = Annotated[_Algorithm | None, typer.Option(help="One algorithm alone; unset: each.")]


@keys.command()
def new(folder: _Folder = None, algorithm: _Only = None) -> None:
    """Make the first key of each algorithm; a folder that is not there is made."""
    from service.security.keys import ALGORITHMS, read_keys
    from service.security.rotation import make_key

    place = _folder(folder)
    known = {key.algorithm for key in read_keys(place)} if place.exists() else set()
    lacking = [one for one in ALGORITHMS if one not in known and algorithm in (None, one)]
    if not lacking:
        raise SettingsError(f"{place} holds such keys already; replace them with: moodmarker keys rotate")
    for one in lacking:
        typer.echo(f"{make_key(place, one, time.time()).kid} made; it signs from now on.")
    typer.echo(
        "Have each FHIR server read /.well-known/jwks.json of this service, or give it: moodmarker keys list --jwks"
    )


@keys.command(name="list")
def list_keys(
    folder: _Folder = None,
    jwks: Annotated[bool, typer.Option("--jwks", help="Print the public key set instead, to be registered.")] = False,
) -> None:
    """List the keys, newest first; nothing private is printed."""
    from service.security.keys import KeyFolder, in_order

    held = KeyFolder(_folder(folder))
    if jwks:
        typer.echo(json.dumps(held.published(), indent=2))
        return
    for key in reversed(in_order(held.keys)):
        typer.echo(f"{key.kid}  {key.algorithm}  made {_day(key.made)}  {_state(key, held.keys)}")


@keys.command()
def rotate(
    folder: _Folder = None,
    algorithm: _Only = None,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Sign with the new key now, although servers may not know it yet.")
    ] = False,
) -> None:
    """Make a new key beside each that signs; those replaced for a day or longer are removed.

    The new key is published now and signs in an hour. A running service sees the change by itself.
    """
    from service.security.keys import ALGORITHMS, read_keys
    from service.security.rotation import WAIT_SECONDS
    from service.security.rotation import rotate as run

    place = _folder(folder)
    held = {key.algorithm for key in read_keys(place)}
    chosen = [one for one in ALGORITHMS if one == algorithm or (algorithm is None and one in held)]
    if not chosen:
        raise SettingsError(f"{place} holds no key; make one with: moodmarker keys new")
    for one in chosen:
        done = run(place, one, time.time(), wait=0 if at_once else WAIT_SECONDS)
        if done.made is None:
            typer.echo(f"A new key of {one} waits already; none was made.")
        else:
            typer.echo(f"{done.made.kid} made; it signs from {_minute(done.made.signs_from)} on.")
        for kid in done.removed:
            typer.echo(f"{kid} removed.")


@keys.command(name="remove")
def remove_key(
    kid: Annotated[str, typer.Argument(help="The key's id, as `moodmarker keys list` shows it.")],
    folder: _Folder = None,
    force: Annotated[
        bool, typer.Option("--force", help="Remove it although no other key of its algorithm is left to sign.")
    ] = False,
) -> None:
    """Remove a key at once, as one that somebody else may have.

    A running service neither signs with it nor publishes it any longer.
    """
    from service.security.rotation import remove

    done = remove(_folder(folder), kid, time.time(), force=force)
    typer.echo(f"{kid} removed.")
    if done.successor is not None:
        typer.echo(
            f"{done.successor.kid} signs from now on; servers that do not know it yet give no token until they do."
        )
    elif done.signed:
        typer.echo("Nothing of its algorithm signs now, and no token is had; make a key with: moodmarker keys new")
    typer.echo(
        "FHIR servers trust it until they read the key set again: within minutes where they keep to its Cache-Control. "
        "Have it struck out where it was registered by hand, and tokens withdrawn that were given for it."
    )


def _folder(given: Path | None) -> Path:
    folder = given or load_settings().keys
    if folder is None:
        raise SettingsError(f"No folder of keys is named; give --folder, or set {variable_of('keys')}")
    return folder


def _state(key: SigningKey, held: tuple[SigningKey, ...]) -> str:
    from service.security.keys import signing_key

    now = time.time()
    if key == signing_key(held, key.algorithm, now):
        return "signs"
    return f"signs from {_minute(key.signs_from)} on" if key.signs_from > now else "replaced, still published"


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def _minute(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
