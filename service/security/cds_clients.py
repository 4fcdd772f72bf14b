"""Who calls CDS Hooks: a client that signs each call as CDS Hooks 2.0 has it, or somebody whom the site lets in.

What is wrong with a token stands in the log, by the client's name in the settings, and in no answer. Of the token
itself nothing is logged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from service.errors import NotBelieved, Throttled
from service.security.cds_tokens import (
    Refused,
    check_audience,
    check_signature,
    check_tenant,
    check_times,
    read_token,
)
from service.security.failures import Failures
from service.security.key_fetching import KeyFetching, KeysUnavailable
from service.security.key_sets import FetchedKeys, KeyFile
from service.security.replays import digest_of

if TYPE_CHECKING:
    from service.security.cds_tokens import Claims, Header, Token
    from service.security.json_web_keys import PublicKey
    from service.security.replays import Replays
    from service.settings import CdsClient, Settings

_FEEDBACK: Final = "/feedback"


class Caller(NamedTuple):
    """Who calls: the client's name in the settings and the client, or "" and None where nobody said who."""

    name: str
    client: CdsClient | None


NOBODY: Final = Caller("", None)


class _Known(NamedTuple):
    """A client, and where its keys are by their address; the file's is the empty one."""

    name: str
    client: CdsClient
    keys: dict[str, KeyFile | FetchedKeys]


class CdsClients:
    """The clients of a site; in one worker, they are known by the keys that it has read or fetched."""

    def __init__(self, settings: Settings, replays: Replays) -> None:
        """Nothing is fetched yet; raises `SettingsError` for a key file that cannot be used."""
        self._open = settings.cds_unauthenticated
        self._public_url = settings.public_url
        self._replays = replays
        self._failures = Failures()
        self._fetching = KeyFetching()
        self._known = {
            client.issuer: _Known(name, client, self._sources(name, client))
            for name, client in settings.cds_clients.items()
        }

    def _sources(self, name: str, client: CdsClient) -> dict[str, KeyFile | FetchedKeys]:
        if client.key_file is not None:
            return {"": KeyFile(name, client.key_file)}
        return {url: FetchedKeys(name, url, self._fetching) for url in client.key_urls}

    async def close(self) -> None:
        """Lets go of the sockets."""
        for known in self._known.values():
            for source in known.keys.values():
                await source.close()
        await self._fetching.close()

    async def caller(
        self, authorization: bytes | None, path: str, peer: str, now: datetime, *, near: bool = False
    ) -> Caller:
        """Who sends an Authorization header to a path of ours, from a peer's address; `near` is on this machine.

        Raises `NotBelieved`, `Throttled` where too many tokens from the peer were refused of late, and `Overloaded`
        where nobody can say whether a token was used.
        """
        if not self._known:
            return self._without_clients(near=near)
        if not authorization:
            return self._without_token()
        who = peer, ""
        try:
            token = read_token(authorization)
            known = self._known.get(token.claims.iss)
            if known is None:
                raise Refused("its iss is no client's issuer")
            who = peer, known.name
            await self._check(token, known, path, who, now)
        except Refused as refused:
            self._require_patience(who)
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

    async def _check(self, token: Token, known: _Known, path: str, who: tuple[str, str], now: datetime) -> None:
        """The cheap questions first: what is wrong anyhow has nothing fetched and nothing computed."""
        header, claims, client = token.header, token.claims, known.client
        self._require_patience(who)
        if header.alg not in client.algorithms:
            raise Refused("its alg is none of its algorithms")
        if not client.reuse and not claims.jti:
            raise Refused("it has no jti, without which it can be sent again; if it has to be, set reuse")
        check_times(claims, now.timestamp())
        check_audience(claims, self._addresses(client, path))
        check_tenant(claims, client.tenants)
        key = await _key(known, header)
        # Others of this peer may have failed while the keys were fetched.
        self._require_patience(who)
        check_signature(token, key)
        if not client.reuse:
            await self._require_first_use(claims)

    def _addresses(self, client: CdsClient, path: str) -> set[str]:
        """How a client may name what it calls: for feedback, the service that it is on as well."""
        bases = {base.rstrip("/") for base in (self._public_url, *client.audiences) if base}
        paths = {path, path.removesuffix(_FEEDBACK)}
        return {f"{base}{one}" for base in bases for one in paths} | set(client.audiences)

    async def _require_first_use(self, claims: Claims) -> None:
        digest = digest_of(claims.iss, claims.jti or "")
        if not await self._replays.first_use(digest, datetime.fromtimestamp(claims.exp, UTC)):
            raise Refused("it was used before; if the client sends a token more than once, set reuse")

    def _require_patience(self, who: tuple[str, str]) -> None:
        seconds = self._failures.wait(who)
        if seconds:
            raise Throttled("Tokens from this address were refused too often; try again later.", seconds=seconds)


async def _key(known: _Known, header: Header) -> PublicKey:
    """The key that a header names, from where the site says that it may be; raises `Refused` and `KeysUnavailable`."""
    sources = list(known.keys.values())
    if header.jku is not None and known.client.key_file is None:
        if header.jku not in known.keys:
            raise Refused("its jku is none of its key_urls")
        sources = [known.keys[header.jku]]
    for source in sources:
        key = await source.find(header.kid, header.alg)
        if key is not None:
            return key
    raise Refused("it names a key that its key set does not have for its alg")


def _not_believed(name: str, reason: str) -> NotBelieved:
    structlog.get_logger().warning("cds hooks call refused", client=name, reason=reason)
    return NotBelieved()
