"""Why the store cannot be used, in words that name the remedy, and neither password nor patient."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.store.database import STORE
from service.store.values import StoreUnavailable

_IN_SQLITE: Final = {
    "SQLITE_READONLY": "may not be written; let the service's user write the file and its folder",
    "SQLITE_CANTOPEN": "cannot be opened; let the service's user write the file and its folder",
    "SQLITE_PERM": "may not be read; give the file to the service's user",
    "SQLITE_BUSY": "is kept locked by another program; end what holds it",
    "SQLITE_LOCKED": "is kept locked by another program; end what holds it",
    "SQLITE_FULL": "has no room left on its disk; make room",
    "SQLITE_NOTADB": "is a file of another kind; name another file, or a new one",
    "SQLITE_CORRUPT": "is damaged; put a backup in its place, or move it away to begin a new one",
    "SQLITE_IOERR": "could not be read or written; look at its disk",
}
_REFUSED: Final = "refused the sign-in; check user, password and database name, and that the user may sign in from here"
_MISSPELT: Final = "has an address with an option that PostgreSQL does not know; take it out"
_UNREACHED: Final = "could not be reached; check host and port, and that it is running"
_LACKS: Final = "has not the tables that this version made; put a backup in its place, or name another database"
_IN_POSTGRESQL: Final = {
    "42501": "does not let this user make or change the store's tables; grant CREATE on the schema, and the tables",
    "25006": "takes no writing; name the primary, not a replica",
    "53100": "has no room left on its disk; make room",
    "42P01": _LACKS,
    "42703": _LACKS,
    "55P03": "is kept locked by another program; end what holds it",
    "57014": "did not answer in time; look at what keeps it busy",
}


def unavailable(error: SQLAlchemyError, setting: str = STORE) -> StoreUnavailable:
    """The error of a database without its text, which may repeat an address or a value."""
    reason = _reason(error.orig) if isinstance(error, DBAPIError) else None
    return failed(setting, reason or "failed; look at its own log")


def failed(setting: str, reason: str) -> StoreUnavailable:
    """What is wrong with the database of a setting, told as a sentence."""
    return StoreUnavailable(f"The database of {setting} {reason}.", reason)


def _reason(cause: BaseException | None) -> str | None:
    name = getattr(cause, "sqlite_errorname", None)
    if name == "SQLITE_ERROR" and str(cause).startswith(("no such table", "no such column")):
        return _LACKS
    if name is not None:
        return next((text for start, text in _IN_SQLITE.items() if str(name).startswith(start)), None)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _IN_POSTGRESQL.get(str(state))
    if type(cause).__name__ == "ProgrammingError":
        return _MISSPELT
    # Without a state nobody is connected; the server's own refusals begin with its severity.
    return _REFUSED if "FATAL" in str(cause) else _UNREACHED
