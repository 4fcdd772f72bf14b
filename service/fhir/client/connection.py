"""One conversation with one FHIR server: bounded, retried where that helps, and never beyond its origin."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import httpx
import stamina

from service.fhir.client.faults import Fault, OutOfTime
from service.security.bearer import TokenUnavailable
from service.security.certificates import UNTRUSTED, is_untrusted
from service.security.deadlines import seconds_left
from service.security.origins import origin_of
from service.security.responses import COMPRESSED, UNCOMPRESSED, is_compressed, retry_after
from service.security.scopes import Access
from service.security.sockets import PURPOSE, NotConfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.security.bearer import Bearer
    from service.settings import FhirServer

JSON: Final = "application/fhir+json"
FORM: Final = "application/x-www-form-urlencoded"
_JSON_TYPES: Final = frozenset({JSON, "application/json"})
_ATTEMPTS: Final = 4
_LONGEST_WAIT: Final = 20.0
_AGAIN: Final = frozenset({429, 503})
_MOST_AT_ONCE: Final = 4
# Servers may repeat the result of an earlier search unless they are told not to: what is new would not be in it.
_ALWAYS: Final = {"Accept": JSON, **UNCOMPRESSED, "Cache-Control": "no-cache"}
_READ: Final = frozenset({200})
_WRITTEN: Final = frozenset({200, 201, 202, 204})
_WRITE: Final = {PURPOSE: "fhir-write"}
_MEANINGS: Final = {401: ", for it does not know the service", 403: ", for it does not permit this to the service"}


class _TryAgain(Fault):
    """A fault that may pass: `wait` are the seconds the server asked for, None where it said nothing."""

    def __init__(self, reason: str, status: int = 0, wait: float | None = None) -> None:
        super().__init__(reason, status)
        self.wait = wait


class _Unanswered(_TryAgain):
    """Nobody knows whether the request arrived."""


class Reply(NamedTuple):
    """What a server answered to a write."""

    status: int
    body: bytes
    version: str = ""
    location: str = ""


class Connection:
    """Talks to one server until a deadline; counts the requests that were sent."""

    def __init__(
        self,
        server: FhirServer,
        client: httpx.AsyncClient,
        *,
        seconds: float,
        most_bytes: int,
        bearer: Bearer | None = None,
    ) -> None:
        """`client` pools the sockets; `seconds` are left for everything, `most_bytes` for all answers together."""
        self.server = server
        self.requests = 0
        self._client = client
        self._bearer = bearer
        self._origin = origin_of(server.url)
        self._ends = asyncio.get_running_loop().time() + seconds_left(seconds)
        self._bytes_left = most_bytes
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)

    @property
    def access(self) -> Access:
        """What the server lets the service do, as far as its last token says."""
        return Access() if self._bearer is None else self._bearer.access

    async def authorize(self) -> None:
        """Has a token, where one is needed, so that `access` is known; raises `Fault`."""
        if self._bearer is not None:
            try:
                async with asyncio.timeout_at(self._ends):
                    await self._token(self._bearer)
            except TimeoutError:
                raise OutOfTime from None

    async def get(self, address: str) -> bytes:
        """The body of a GET, by an address below the base or one on the server's origin; raises `Fault`."""
        return (await self._ask("GET", address, None, {}, _READ)).body

    async def post(self, address: str, content: bytes, content_type: str) -> bytes:
        """The body of a POST that only reads; raises `Fault`."""
        return (await self._ask("POST", address, content, {"Content-Type": content_type}, _READ)).body

    async def write(
        self,
        method: Literal["POST", "PUT", "DELETE"],
        address: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Stores or deletes one resource; raises `Fault`, whose status says how the server refused it.

        It is sent again only where the server said that nothing was done: a broken connection is a `Fault`, for the
        server may have stored the resource all the same.
        """
        sent = {"Content-Type": JSON, **(headers or {})} if content is not None else dict(headers or {})
        return await self._ask(method, address, content, sent, _WRITTEN)

    async def _ask(
        self, method: str, address: str, content: bytes | None, headers: dict[str, str], good: frozenset[int]
    ) -> Reply:
        url = self._resolved(address)
        if asyncio.get_running_loop().time() >= self._ends:
            # A timeout that has passed would still let the request out.
            raise OutOfTime
        patience = _patience if good is _READ else _patience_to_write
        try:
            async with asyncio.timeout_at(self._ends):
                async for attempt in stamina.retry_context(on=patience, attempts=_ATTEMPTS, timeout=None):
                    with attempt:
                        async with self._turns:
                            return await self._with_token(method, url, content, headers, good)
        except TimeoutError:
            raise OutOfTime from None
        raise AssertionError  # pragma: no cover - the last attempt raises or returns

    def _resolved(self, address: str) -> str:
        """The full address; one elsewhere gets no request, and so no token."""
        if "://" not in address.partition("?")[0]:
            return f"{self.server.url}/{address}" if address else self.server.url
        if origin_of(address) != self._origin:
            raise Fault("it points to another server")
        return address

    async def _with_token(
        self, method: str, url: str, content: bytes | None, headers: dict[str, str], good: frozenset[int]
    ) -> Reply:
        """One request; a token that the server no longer takes is replaced once."""
        if self._bearer is None:
            return await self._once(method, url, content, headers, good)
        token = await self._token(self._bearer)
        try:
            return await self._once(method, url, content, headers | _authorization(token), good)
        except Fault as fault:
            if fault.status != httpx.codes.UNAUTHORIZED or not self._bearer.refused(token):
                raise
        return await self._once(method, url, content, headers | _authorization(await self._token(self._bearer)), good)

    async def _token(self, bearer: Bearer) -> str:
        try:
            return await bearer.token()
        except TokenUnavailable as error:
            raise Fault(error.reason) from None

    async def _once(
        self, method: str, url: str, content: bytes | None, headers: dict[str, str], good: frozenset[int]
    ) -> Reply:
        self.requests += 1
        try:
            purpose = _WRITE if good is _WRITTEN else None
            all_headers = {**_ALWAYS, **headers}
            async with self._client.stream(
                method, url, content=content, headers=all_headers, extensions=purpose
            ) as response:
                _require(response, good)
                body = await self._body(response, is_read=good is _READ)
                return Reply(
                    response.status_code, body, response.headers.get("etag", ""), response.headers.get("location", "")
                )
        except NotConfigured:
            raise Fault("it points to another server") from None
        except httpx.TimeoutException:
            raise _Unanswered("it did not answer in time") from None
        except httpx.RequestError as error:
            if is_untrusted(error):
                raise Fault(f"it could not be reached: {UNTRUSTED}") from None
            raise _Unanswered("it could not be reached, or broke the connection off") from None
        except httpx.InvalidURL:
            raise Fault("it gave an address that is none") from None

    async def _body(self, response: httpx.Response, *, is_read: bool) -> bytes:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if is_read and kind not in _JSON_TYPES:
            raise Fault("it answered with something that is not FHIR JSON", response.status_code)
        if is_compressed(response.headers):
            raise Fault(f"it {COMPRESSED}", response.status_code)
        parts = []
        async for part in response.aiter_raw():
            self._bytes_left -= len(part)
            if self._bytes_left < 0:
                raise Fault("it sent more than is read")
            parts.append(part)
        return b"".join(parts)


def _authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _patience(error: Exception) -> bool | float:
    """Whether to ask again, or after how many seconds."""
    if not isinstance(error, _TryAgain):
        return False
    return True if error.wait is None else min(error.wait, _LONGEST_WAIT)


def _patience_to_write(error: Exception) -> bool | float:
    return False if isinstance(error, _Unanswered) else _patience(error)


def _require(response: httpx.Response, good: frozenset[int]) -> None:
    status = response.status_code
    if status in _AGAIN:
        wait = retry_after(response.headers, datetime.now(UTC))
        raise _TryAgain(f"it answered with status {status}", status, wait)
    if status not in good:
        raise Fault(f"it answered with status {status}{_MEANINGS.get(status, '')}", status)
