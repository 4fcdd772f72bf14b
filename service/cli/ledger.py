"""The ledger and its receipts on the command line: verified, pruned, and the key that checks what they say.

Exit codes of both: 0 all is whole; 1 something is broken; 2 it cannot be told, or the command line is wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from service.settings import load_settings

_CODES = (
    "Exit codes: 0 all is whole; 1 something is broken or does not agree; 2 it cannot be told (a chain that ended "
    "without a closing head, a key that is not known, rows that were pruned, a ledger that cannot be read), or the "
    "command line or a setting is wrong."
)
ledger = typer.Typer(
    name="ledger",
    help="The ledger of decisions: check that nothing in it was changed, and delete what is old.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
receipts = typer.Typer(
    name="receipt",
    help="The receipts that callers get with their answers.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_Keys = Annotated[
    list[Path] | None, typer.Option("--key", help="A public key (JWK, or a set of them) of an earlier ledger key.")
]


@ledger.command()
def key() -> None:
    """Print the public key, as a JWK, that checks heads and receipts."""
    from service.cli.ledger_check import own_keys

    typer.echo(json.dumps(own_keys(load_settings()).public.jwk, indent=2))


@ledger.command(epilog=_CODES)
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(help="WRITER:SEQ or WRITER:SEQ:HASH: what a log elsewhere says of a head; it has to be there."),
    ] = None,
    receipt: Annotated[
        list[str] | None, typer.Option(help="A receipt, or a file that holds one; its row has to be there.")
    ] = None,
    keys: _Keys = None,
) -> None:
    """Walk every chain: is each row as it was written, are all there, and do the signed heads agree?

    A chain without a closing head whose writer is not at work is told as such: a crash, or a cut tail. Give --expect
    or --receipt with what others know of it to tell one from the other.
    """
    from service.cli.ledger_check import verify_ledger

    raise typer.Exit(verify_ledger(load_settings(), expect or [], receipt or [], keys or []))


@ledger.command()
def prune(
    days: Annotated[int, typer.Option(min=1, help="Delete rows that are older than so many days.")],
    keys: _Keys = None,
) -> None:
    """Delete old rows, up to a signed head from which the chain then goes on; broken chains are left as they are."""
    from service.cli.ledger_check import prune_ledger

    raise typer.Exit(prune_ledger(load_settings(), days, keys or []))


@receipts.command(name="verify", epilog=_CODES)
def verify_receipt(
    receipt: Annotated[str, typer.Option(help="The receipt, or a file that holds it.")],
    body: Annotated[Path, typer.Option(help="The answer's body as it came, decompressed and not reformatted.")],
    request: Annotated[Path | None, typer.Option(help="The body that was sent, to prove that as well.")] = None,
    keys: _Keys = None,
    in_ledger: Annotated[bool, typer.Option("--ledger", help="Look for its row in the site's ledger too.")] = False,
) -> None:
    """Prove what a caller was told: the signature, the answer's bytes, and where asked for the row of the ledger.

    The public key is that of --key; without, that of this site's own ledger key.
    """
    from service.cli.ledger_check import check_receipt

    raise typer.Exit(check_receipt(receipt, body, request, keys or [], in_ledger=in_ledger))


@receipts.callback()
def _group() -> None:
    """Keeps `verify` a command of its own while it is the only one."""
