"""What happens once and is then remembered for a while, by its hash: a card shown, a token used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from service.store.forgetting import forget_run_out
from service.store.inserting import insert_into
from service.store.schema import ShownRow, TokenRow, clock

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlmodel import Session

_DAY_SECONDS: Final = 86_400.0


def shown_before(session: Session, digests: Collection[str], instance: str) -> frozenset[str]:
    """Those of them that were shown in another hook call, not too long ago."""
    current = select(ShownRow.digest).where(col(ShownRow.digest).in_(digests), col(ShownRow.ends_at) > clock())
    return frozenset(session.exec(current.where(ShownRow.instance != instance)))


def remember_shown(session: Session, digests: Collection[str], instance: str, days: float) -> None:
    """They are shown from now on; one that was shown before goes on from then, unless that is too long ago."""
    values = {"instance": instance, "ends_at": clock() + days * _DAY_SECONDS}
    for digest in sorted(digests):
        statement = insert_into(session, ShownRow).values(digest=digest, **values)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["digest"], set_=values, where=col(ShownRow.ends_at) <= clock()
            )
        )
    forget_run_out(session, ShownRow)


def first_use(session: Session, digest: str, ends_at: float) -> bool:
    """Whether a token is used for the first time, and has not ended by the database's clock."""
    if ends_at <= session.exec(select(clock())).one():
        # It may have been used and forgotten since.
        return False
    statement = insert_into(session, TokenRow).values(digest=digest, ends_at=ends_at)
    used = session.execute(
        statement.on_conflict_do_nothing(index_elements=["digest"]).returning(col(TokenRow.digest))
    ).first()
    forget_run_out(session, TokenRow)
    return used is not None
