"""What proves to a FHIR server who is asking: a bearer token, fixed or fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from service.security.scopes import Access

if TYPE_CHECKING:
    from pydantic import SecretStr


class TokenUnavailable(Exception):
    """There is no token: `reason` goes into answers and logs, and names no secret and no address.

    `passing` tells that asking again at once may help, `wait` after how many seconds the server said so.
    """

    def __init__(self, reason: str, *, passing: bool = False, wait: float = 0.0) -> None:
        """`reason` completes "could not be fetched: ..."."""
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
        self.wait = wait


class Bearer(Protocol):
    """A source of tokens for one server."""

    @property
    def access(self) -> Access:
        """What the last token allows."""

    async def token(self) -> str:
        """A token that has not been refused; raises `TokenUnavailable`."""

    def refused(self, token: str) -> bool:
        """The server did not take a token; True when another may be had."""


class FixedToken:
    """The token that a site configured; what it allows is not known."""

    access = Access()

    def __init__(self, token: SecretStr) -> None:
        """`token` is sent as it is."""
        self._token = token.get_secret_value()

    async def token(self) -> str:
        """The token."""
        return self._token

    def refused(self, token: str) -> bool:  # noqa: ARG002 - there is no other
        """False: there is no other."""
        return False
