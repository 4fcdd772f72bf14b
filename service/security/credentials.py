"""What callers of the FHIR operations show: the site's own token, or one of its authorization servers."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from service.errors import NotAuthenticated
from service.security.grants import Grant, everything
from service.security.issuers import Issuers
from service.security.sockets import Sent, uncounted

if TYPE_CHECKING:
    from datetime import datetime

    from service.settings import Settings

OF_THE_SITE: Final = "bearer-token"
_ASKED: Final = "Send a token that this service takes: Authorization: Bearer ..."


class Credentials:
    """Both ways in; in one worker."""

    def __init__(self, settings: Settings, sent: Sent = uncounted) -> None:
        """Nothing is fetched yet; raises `SettingsError` for an issuer's keys or authorities that cannot be used."""
        token = settings.bearer_token
        self._expected = None if token is None else token.get_secret_value().encode()
        self._everything = everything(OF_THE_SITE)
        self._issuers = Issuers(settings, sent)

    async def close(self) -> None:
        """Lets go of the sockets that keys were fetched by."""
        await self._issuers.close()

    async def grant(self, authorization: bytes, peer: str, now: datetime) -> Grant:
        """What an Authorization header grants, sent from a peer's address.

        Raises `NotAuthenticated` for an empty one, and as `Issuers.grant`.
        """
        if not authorization:
            raise NotAuthenticated(_ASKED)
        if self._expected is not None and hmac.compare_digest(_bearer(authorization), self._expected):
            return self._everything
        return await self._issuers.grant(authorization, peer, now)


def _bearer(authorization: bytes) -> bytes:
    """The token alone, as the scheme may be written in any case and with any number of spaces."""
    scheme, _, token = authorization.partition(b" ")
    return token.lstrip(b" ") if scheme.lower() == b"bearer" else b""
