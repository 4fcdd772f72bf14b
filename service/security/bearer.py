"""What proves to a FHIR server who is asking: a bearer token, fixed or fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr


class Bearer(Protocol):
    """A source of tokens for one server."""

    async def token(self) -> str:
        """A token that has not been refused."""

    def refused(self, token: str) -> bool:
        """The server did not take a token; True when another may be had."""


class FixedToken:
    """The token that a site configured."""

    def __init__(self, token: SecretStr) -> None:
        """`token` is sent as it is."""
        self._token = token.get_secret_value()

    async def token(self) -> str:
        """The token."""
        return self._token

    def refused(self, token: str) -> bool:  # noqa: ARG002 - there is no other
        """False: there is no other."""
        return False
