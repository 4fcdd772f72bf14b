"""What the commands of the ledger and of receipts do, and how they end."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import typer
from sqlalchemy.exc import SQLAlchemyError

from service.cli.quiet import nothing_logged
from service.security.ledger_keys import LedgerKeys, public_keys
from service.security.receipts import Receipt, ReceiptInvalid, UnknownKey, read_receipt
from service.settings import SettingsError, load_settings, variable_of
from service.store import StoreUnavailable
from service.store.database import LEDGER, connect
from service.store.faults import unavailable
from service.store.ledger_chain import moment
from service.store.ledger_pruning import prune
from service.store.ledger_verifying import Finding, Known, chains, look_up
from service.store.migrating import require_newest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from service.security.ledger_keys import PublicLedgerKey
    from service.settings import Settings
    from service.store.ledger_walk import Chain

WHOLE, BROKEN, UNSURE = 0, 1, 2
_PLACE_PARTS: Final = (2, 3)


def own_keys(settings: Settings) -> LedgerKeys:
    """The keys of the site's ledger; raises `SettingsError`."""
    if settings.ledger_key is None:
        raise SettingsError(f"{variable_of('ledger_key')}: no ledger is kept; set it and {variable_of('ledger')}.")
    return LedgerKeys(settings.ledger_key)


def verify_ledger(settings: Settings, expected: Sequence[str], receipts: Sequence[str], files: Sequence[Path]) -> int:
    """Prints a line for each chain, and what is wrong with it."""
    keys = [own_keys(settings).public, *_read_keys(files)]
    known = [_place(one) for one in expected]
    code = WHOLE
    for text in receipts:
        receipt, found = _receipt(text, keys)
        known += [] if receipt is None else [_known(receipt)]
        code = _worse(code, found)
    with _reading(settings) as engine:
        count = rows = 0
        for chain in chains(engine, keys):
            count, rows = count + 1, rows + chain.last.seq - chain.first
            code = _worse(code, _tell_chain(chain))
        for one in known:
            code = _worse(code, _tell(look_up(engine, one, keys), f"row {one.seq} of {one.writer} is there"))
    typer.echo(f"{count} chains, {rows} rows: {_WORDS[code]}")
    return code


_WORDS: Final = {WHOLE: "all is whole", BROKEN: "broken", UNSURE: "it cannot be told whether all is whole"}


def prune_ledger(settings: Settings, days: int, files: Sequence[Path]) -> int:
    """Prints what was deleted of each chain."""
    keys = own_keys(settings)
    code = WHOLE
    with _told_plainly(), nothing_logged():
        engine = connect(settings.ledger.get_secret_value(), setting=LEDGER)
        try:
            require_newest(engine, LEDGER)
            done = prune(engine, keys, [keys.public, *_read_keys(files)], moment(days_ago=days))
        finally:
            engine.dispose()
    for one in done:
        if one.refused:
            typer.echo(f"{one.writer}  left as it is: {one.refused}", err=True)
            code = BROKEN
        else:
            typer.echo(f"{one.writer}  {one.rows} rows deleted, up to row {one.seq}")
    if not done:
        typer.echo("Nothing was old enough to be deleted up to a signed head.")
    return code


def check_receipt(text: str, body: Path, request: Path | None, files: Sequence[Path], *, in_ledger: bool) -> int:
    """Prints what a receipt proves."""
    settings = load_settings()
    own = [own_keys(settings).public] if in_ledger or not files else []
    keys = [*_read_keys(files), *own]
    receipt, code = _receipt(text, keys)
    if receipt is None:
        return code
    at = datetime.fromtimestamp(receipt.at / 1e6, UTC)
    decided = f"Decision {receipt.decision} of {at:%Y-%m-%dT%H:%M:%SZ}, rule set {receipt.rule_set}"
    typer.echo(f"{decided}: the signature is good")
    code = _tell(Finding("" if receipt.is_of(_content(body)) else "the answer is another"), "the answer is this one")
    if request is not None:
        other = "" if receipt.is_for(_content(request)) else "the request is another"
        code = _worse(code, _tell(Finding(other), "the request is this one"))
    if in_ledger:
        with _reading(settings) as engine:
            known = _known(receipt)
            code = _worse(code, _tell(look_up(engine, known, keys), f"row {known.seq} of {known.writer} agrees"))
    return code


def _tell_chain(chain: Chain) -> int:
    since = f" after row {chain.first}" if chain.first else ""
    typer.echo(f"{chain.writer}  {chain.last.seq - chain.first} rows{since}, {chain.ending}")
    for text in chain.faults:
        typer.echo(f"  BROKEN: {text}", err=True)
    for text in chain.doubts:
        typer.echo(f"  UNSURE: {text}", err=True)
    return BROKEN if chain.faults else UNSURE if chain.doubts else WHOLE


def _tell(finding: Finding, good: str) -> int:
    if finding.broken:
        typer.echo(f"BROKEN: {finding.broken}", err=True)
        return BROKEN
    if finding.unsure:
        typer.echo(f"UNSURE: {finding.unsure}", err=True)
        return UNSURE
    typer.echo(good)
    return WHOLE


def _worse(one: int, other: int) -> int:
    """What is broken is worse than what nobody can tell."""
    return BROKEN if BROKEN in (one, other) else max(one, other)


def _known(receipt: Receipt) -> Known:
    columns: dict[str, str | int] = {
        "decision": receipt.decision,
        "at": receipt.at,
        "rule_set": receipt.rule_set,
        "input": receipt.input,
    }
    return Known(receipt.writer, receipt.seq, columns)


def _place(text: str) -> Known:
    parts = text.split(":")
    if len(parts) not in _PLACE_PARTS or not parts[1].isdecimal():
        raise typer.BadParameter("write --expect as WRITER:SEQ or WRITER:SEQ:HASH, as a log line of a head tells them")
    return Known(parts[0], int(parts[1]), {"hash": parts[2]} if len(parts) == _PLACE_PARTS[1] else {})


def _receipt(text: str, keys: Sequence[PublicLedgerKey]) -> tuple[Receipt | None, int]:
    """A receipt that is good, or how a command ends that was given another."""
    try:
        return read_receipt(_text_of(text), keys), WHOLE
    except UnknownKey as error:
        typer.echo(f"UNSURE: {error}", err=True)
        return None, UNSURE
    except ReceiptInvalid as error:
        typer.echo(f"BROKEN: {error}", err=True)
        return None, BROKEN


def _text_of(given: str) -> str:
    """A receipt, or what the file of this name holds."""
    from pathlib import Path

    if given.count(".") >= 2 and len(given) > 255:
        return given
    return _content(Path(given)).decode("ascii", "replace")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; name a file that can be read") from None


def _read_keys(files: Sequence[Path]) -> list[PublicLedgerKey]:
    keys: list[PublicLedgerKey] = []
    for path in files:
        try:
            found = public_keys(_content(path))
        except ValueError as error:
            raise SettingsError(f"{path}: {error}") from None
        if not found:
            raise SettingsError(f"{path}: no Ed25519 key is in it; moodmarker ledger key prints one")
        keys += found
    return keys


@contextmanager
def _reading(settings: Settings) -> Iterator[Engine]:
    """The ledger's database for reading alone; raises `SettingsError`."""
    own_keys(settings)
    with _told_plainly():
        engine = connect(settings.ledger.get_secret_value(), setting=LEDGER, reads_only=True)
        try:
            require_newest(engine, LEDGER)
            yield engine
        finally:
            engine.dispose()


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise SettingsError(str(unavailable(error, LEDGER))) from None
    except StoreUnavailable as error:
        raise SettingsError(str(error)) from None
