"""Who calls CDS Hooks: a client that signs each call as CDS Hooks 2.0 has it, or somebody whom the site lets in.

What is wrong with a token stands in the log, by the client's name in the settings, and in no answer. Of the token
itself nothing is logged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from service.errors import NotBelieved
from service.security.failures import BadSignatures, Failures
from service.security.key_fetching import KeyFetching, KeysUnavailable
from service.security.key_sets import Keys, NotLookedFor, Owner
from service.security.replays import digest_of
from service.security.signed_tokens import (
    Claims,
    Refused,
    check_audience,
    check_signature,
    check_times,
    read_token,
)
from service.security.sockets import Sent, uncounted

if TYPE_CHECKING:
    from collections.abc import Collection

    from service.security.json_web_keys import PublicKey
    from service.security.replays import Replays
    from service.security.signed_tokens import Token
    from service.settings import CdsClient, Settings

_FEEDBACK: Final = "/feedback"


class Caller(NamedTuple):
    """Who calls: the client's name in the settings and the client, or "" and None where nobody said who."""

    name: str
    client: CdsClient | None


NOBODY: Final = Caller("", None)


class _Claims(Claims, gc=False):
    """What CDS Hooks has clients write besides."""

    jti: str | None = None
    tenant: str | None = None


class _Known(NamedTuple):
    """A client and its keys."""

    name: str
    client: CdsClient
    keys: Keys


class CdsClients:
    """The clients of a site; in one worker, they are known by the keys that it has read or fetched."""

    def __init__(self, settings: Settings, replays: Replays, sent: Sent = uncounted) -> None:
        """Nothing is fetched yet; raises `SettingsError` for a key file that cannot be used."""
        self._open = settings.cds_unauthenticated
        self._public_url = settings.public_url
        self._replays = replays
        self._failures = Failures()
        self._bad = BadSignatures()
        self._fetching = KeyFetching(sent=sent)
        self._known = {
            client.issuer: _Known(name, client, Keys(Owner("cds_clients", name, client), self._fetching))
            for name, client in settings.cds_clients.items()
        }

    async def close(self) -> None:
        """Lets go of the sockets."""
        for known in self._known.values():
            await known.keys.close()
        await self._fetching.close()

    async def caller(
        self, authorization: bytes | None, path: str, peer: str, now: datetime, *, near: bool = False
    ) -> Caller:
        """Who sends an Authorization header to a path of ours, from a peer's address; `near` is on this machine.

        Raises `NotBelieved`, in its place `Throttled` where too many tokens from the peer were refused of late, and
        `Overloaded` where nobody can say whether a token was used. A good token is throttled only while more bad
        signatures come from its peer in its client's name than are checked.
        """
        if not self._known:
            return self._without_clients(near=near)
        if not authorization:
            return self._without_token()
        who = peer, ""
        try:
            token = read_token(authorization, _Claims)
            known = self._known.get(token.claims.iss)
            if known is None:
                raise Refused("its iss is no client's issuer")
            who = peer, known.name
            self._check(token, known, path, now)
            self._check_signature(token, await known.keys.find(token.header), authorization, who)
            if not known.client.reuse:
                await self._require_first_use(token.claims)
        except NotLookedFor as refused:
            # It may be good, so nobody has failed.
            raise _not_believed(who[1], refused.reason) from None
        except Refused as refused:
            self._failures.require_patience(who)
            self._failures.note(who)
            raise _not_believed(who[1], refused.reason) from None
        except KeysUnavailable as fault:
            raise _not_believed(who[1], fault.reason) from None
        return Caller(known.name, known.client)

    def _without_clients(self, *, near: bool) -> Caller:
        if near or self._open:
            return NOBODY
        raise _not_believed(
            "",
            "callers on this machine alone are answered, unless MOODMARKER_CDS_CLIENTS names others, or "
            "MOODMARKER_CDS_UNAUTHENTICATED is true",
        )

    def _without_token(self) -> Caller:
        if self._open:
            return NOBODY
        raise _not_believed("", "the call brought no token")

    def _check(self, token: Token[_Claims], known: _Known, path: str, now: datetime) -> None:
        """The cheap questions first: what is wrong anyhow has nothing fetched and nothing computed."""
        header, claims, client = token.header, token.claims, known.client
        if header.alg not in client.algorithms:
            raise Refused("its alg is none of its algorithms")
        if not client.reuse and not claims.jti:
            raise Refused("it has no jti, without which it can be sent again; if it has to be, set reuse")
        check_times(claims, now.timestamp())
        check_audience(claims, self._addresses(client, path))
        _check_tenant(claims, client.tenants)

    def _check_signature(self, token: Token[_Claims], key: PublicKey, sent: bytes, who: tuple[str, str]) -> None:
        """The dear question, asked as often as bad signatures may come."""
        if self._bad.was_bad(sent):
            raise Refused("its signature has just proved bad")
        self._bad.require_patience(who)
        try:
            check_signature(token, key)
        except Refused:
            self._bad.note(who, sent)
            raise

    def _addresses(self, client: CdsClient, path: str) -> set[str]:
        """How a client may name what it calls: for feedback, the service that it is on as well."""
        bases = {base.rstrip("/") for base in (self._public_url, *client.audiences) if base}
        paths = {path, path.removesuffix(_FEEDBACK)}
        return {f"{base}{one}" for base in bases for one in paths} | set(client.audiences)

    async def _require_first_use(self, claims: _Claims) -> None:
        digest = digest_of(claims.iss, claims.jti or "")
        if not await self._replays.first_use(digest, datetime.fromtimestamp(claims.exp, UTC)):
            raise Refused("it was used before; if the client sends a token more than once, set reuse")


def _check_tenant(claims: _Claims, tenants: Collection[str]) -> None:
    """Raises `Refused` for a token of another tenant, or of none, where a site names tenants."""
    if tenants and claims.tenant not in tenants:
        raise Refused("its tenant is none of its tenants")


def _not_believed(name: str, reason: str) -> NotBelieved:
    structlog.get_logger().warning("cds hooks call refused", client=name, reason=reason)
    return NotBelieved()
