"""Fetching the key sets that a site has named, from there and from nowhere else."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Final

import httpx

from service.security.certificates import UNTRUSTED, is_untrusted
from service.security.json_web_keys import read_key_set, wanted
from service.security.keys import ALGORITHMS
from service.security.responses import COMPRESSED, UNCOMPRESSED, is_compressed
from service.security.sockets import Outbound, Sent, pooled, public_authorities, uncounted

if TYPE_CHECKING:
    from collections.abc import Collection
    from ssl import SSLContext

    from service.security.json_web_keys import PublicKey

# A user waits for the card.
SECONDS: Final = 3.0
MOST_BYTES: Final = 64 * 1024
_HEADERS: Final = {"Accept": "application/jwk-set+json, application/json", **UNCOMPRESSED}


class KeysUnavailable(Exception):
    """There are no keys: `reason` completes "could not be fetched: ..." and names no address."""

    def __init__(self, reason: str) -> None:
        """`reason` is for the log."""
        super().__init__(reason)
        self.reason = reason


class KeyFetching:
    """The sockets to the servers of key sets."""

    def __init__(self, seconds: float = SECONDS, trust: SSLContext | None = None, *, sent: Sent = uncounted) -> None:
        """`seconds` is the longest that one request may take; without `trust` the public authorities are believed."""
        self.sent = sent
        self._seconds = seconds
        self._trust = trust
        self._outbound = Outbound("keys", sent=sent)

    def may_ask(self, url: str, name: str) -> None:
        """Lets the key set at a configured address be fetched; `name` is that of its owner."""
        self._outbound.add(url, name)

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        return pooled(self._trust or public_authorities(), self._seconds, self._outbound)

    async def close(self) -> None:
        """Lets go of the sockets."""
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def fetch(self, url: str, algorithms: Collection[str] = ALGORITHMS) -> tuple[PublicKey, ...]:
        """The keys at an address that are of use for these algorithms; raises `KeysUnavailable`."""
        try:
            async with asyncio.timeout(self._seconds), self._client.stream("GET", url, headers=_HEADERS) as response:
                document = await _body(response)
        except (TimeoutError, httpx.TimeoutException):
            raise KeysUnavailable("its server did not answer in time") from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            if is_untrusted(error):
                raise KeysUnavailable(f"its server could not be asked: {UNTRUSTED}") from None
            raise KeysUnavailable("its server could not be reached, or broke the connection off") from None
        return _keys(document, algorithms)


async def _body(response: httpx.Response) -> bytes:
    if response.is_redirect:
        raise KeysUnavailable("its server redirects, which is not followed; name the address that it redirects to")
    if response.status_code != httpx.codes.OK:
        raise KeysUnavailable(f"its server answered with status {response.status_code}")
    if is_compressed(response.headers):
        raise KeysUnavailable(f"its server {COMPRESSED}")
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) > MOST_BYTES:
            raise KeysUnavailable("its server sent more than is read")
    return body


def _keys(document: bytes, algorithms: Collection[str]) -> tuple[PublicKey, ...]:
    try:
        keys = read_key_set(document, algorithms)
    except ValueError as error:
        raise KeysUnavailable(str(error)) from None
    if not keys:
        raise KeysUnavailable(f"it holds no key for {wanted(algorithms)} with a kid")
    return keys
