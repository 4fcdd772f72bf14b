"""Fetching the key sets that a site has named, from there and from nowhere else."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Final

import httpx

from service.security.json_web_keys import read_key_set
from service.security.responses import COMPRESSED, UNCOMPRESSED, is_compressed
from service.security.sockets import pooled, public_authorities

if TYPE_CHECKING:
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

    def __init__(self, seconds: float = SECONDS) -> None:
        """`seconds` is the longest that one request may take."""
        self._seconds = seconds

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        return pooled(public_authorities(), self._seconds)

    async def close(self) -> None:
        """Lets go of the sockets."""
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def fetch(self, url: str) -> tuple[PublicKey, ...]:
        """The keys at an address; raises `KeysUnavailable`."""
        try:
            async with asyncio.timeout(self._seconds), self._client.stream("GET", url, headers=_HEADERS) as response:
                document = await _body(response)
        except (TimeoutError, httpx.TimeoutException):
            raise KeysUnavailable("its server did not answer in time") from None
        except (httpx.RequestError, httpx.InvalidURL):
            raise KeysUnavailable("its server could not be reached, or broke the connection off") from None
        return _keys(document)


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


def _keys(document: bytes) -> tuple[PublicKey, ...]:
    try:
        keys = read_key_set(document)
    except ValueError as error:
        raise KeysUnavailable(str(error)) from None
    if not keys:
        raise KeysUnavailable("it holds no key for ES384 (P-384) or RS384 (2048 bits or more) with a kid")
    return keys
