"""What happens once and is then remembered for a while, by its hash: a card shown, a token used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete
from sqlmodel import col, select

from service.store.inserting import insert_into
from service.store.schema import ShownRow, TokenRow, clock

if TYPE_CHECKING:
    from sqlmodel import Session

_DAY_SECONDS: Final = 86_400.0


def shown_before(session: Session, digest: str, instance: str, days: float) -> bool:
    """Whether this was shown in another hook call; if it was not, or too long ago, it is from now on."""
    values = {"instance": instance, "ends_at": clock() + days * _DAY_SECONDS}
    statement = insert_into(session, ShownRow).values(digest=digest, **values)
    shown = session.execute(
        statement.on_conflict_do_update(
            index_elements=["digest"], set_=values, where=col(ShownRow.ends_at) <= clock()
        ).returning(col(ShownRow.digest))
    ).first()
    earlier = instance if shown else session.exec(select(ShownRow.instance).where(ShownRow.digest == digest)).one()
    _forget_run_out(session, ShownRow)
    return earlier != instance


def first_use(session: Session, digest: str, ends_at: float) -> bool:
    """Whether a token is used for the first time, and has not ended by the database's clock."""
    if ends_at <= session.exec(select(clock())).one():
        # It may have been used and forgotten since.
        return False
    statement = insert_into(session, TokenRow).values(digest=digest, ends_at=ends_at)
    used = session.execute(
        statement.on_conflict_do_nothing(index_elements=["digest"]).returning(col(TokenRow.digest))
    ).first()
    _forget_run_out(session, TokenRow)
    return used is not None


def _forget_run_out(session: Session, row: type[ShownRow] | type[TokenRow]) -> None:
    """Rows that others are about to take are passed over."""
    run_out = select(row.digest).where(col(row.ends_at) <= clock()).with_for_update(skip_locked=True)
    session.execute(delete(row).where(col(row.digest).in_(run_out)))
