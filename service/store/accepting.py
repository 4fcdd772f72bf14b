"""A notice, taken in whole or not at all: what is new, how far the subscription has come, whom to assess."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete
from sqlmodel import col, select

from service.store.cursors import locked, progress_of, put_progress
from service.store.gaps import arrived
from service.store.queue import enqueue
from service.store.schema import SeenRow, clock
from service.store.values import Accepted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlmodel import Session

    from service.store.gaps import Progress
    from service.store.values import Notice

# Servers repeat a notification within minutes, and some within days after they were down.
REMEMBERED_SECONDS: Final = 7 * 86_400.0
_AT_A_TIME: Final = 500


def accept(session: Session, notice: Notice, delay_seconds: float, key: bytes) -> Accepted:
    """Takes a notice in, within the transaction of `session`; `LookupError` when its subscription is not known."""
    row = locked(session, notice.subscription)
    if row is None:
        raise LookupError("no cursor of such a subscription")
    row.heard_at = session.exec(select(clock())).one()
    unseen = _remember(session, notice, key)
    progress = progress_of(row)
    arrival = arrived(progress, notice.events, notice.counter, unseen=unseen > 0)
    put_progress(row, arrival.progress)
    told = len(set(notice.events)) or len(set(notice.resources)) or 1
    if notice.events:
        new = len(arrival.new) or (0 if _is_known(notice, progress) else told)
    else:
        new = unseen if notice.resources else 1
    if new:
        enqueue(session, row.server, notice.patients, delay_seconds)
    return Accepted(new, told - new, arrival.progress.missing)


def _is_known(notice: Notice, progress: Progress) -> bool:
    """Whether a notice of numbers that all came before, and that tells nothing unseen, surely is a repetition.

    Without versions it may also be the same resource, changed again, of a server that counts anew from 1.
    """
    return bool(notice.resources) or (notice.counter is not None and notice.counter >= (progress.last_event or 0))


def _remember(session: Session, notice: Notice, key: bytes) -> int:
    """How many of the notice's resources, or else tellings, were not seen before; from now on they are.

    The locked cursor keeps others of the subscription out, so that looking and writing need not be one.
    """
    mine = col(SeenRow.subscription) == notice.subscription
    session.execute(delete(SeenRow).where(mine, col(SeenRow.ends_at) <= clock()))
    digests = sorted({_digest(key, notice.subscription, one) for one in notice.resources or notice.tellings})
    known = set(_known(session, notice.subscription, digests))
    fresh = [digest for digest in digests if digest not in known]
    ends_at = session.exec(select(clock() + REMEMBERED_SECONDS)).one()
    session.add_all(SeenRow(subscription=notice.subscription, digest=digest, ends_at=ends_at) for digest in fresh)
    return len(fresh)


def _known(session: Session, subscription: str, digests: Sequence[str]) -> Iterable[str]:
    """Those that were seen, asked for some at a time, for a statement takes only so many values."""
    for start in range(0, len(digests), _AT_A_TIME):
        some = col(SeenRow.digest).in_(digests[start : start + _AT_A_TIME])
        yield from session.exec(select(SeenRow.digest).where(col(SeenRow.subscription) == subscription, some))


def _digest(key: bytes, subscription: str, telling: str) -> str:
    return hmac.digest(key, f"{subscription}\n{telling}".encode(), "sha256").hex()[:32]
