"""One conversation with one FHIR server: bounded, retried where that helps, and never beyond its origin."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import httpx
import stamina

from service.fhir.client.faults import Fault, OutOfTime
from service.security.origins import origin_of

if TYPE_CHECKING:
    from service.settings import FhirServer

JSON: Final = "application/fhir+json"
FORM: Final = "application/x-www-form-urlencoded"
_JSON_TYPES: Final = frozenset({JSON, "application/json"})
_ATTEMPTS: Final = 4
_LONGEST_WAIT: Final = 20.0
_AGAIN: Final = frozenset({429, 503})
_MOST_AT_ONCE: Final = 4


class _TryAgain(Fault):
    """A fault that may pass: `wait` are the seconds the server asked for, None where it said nothing."""

    def __init__(self, reason: str, status: int = 0, wait: float | None = None) -> None:
        super().__init__(reason, status)
        self.wait = wait


class Connection:
    """Asks one server until a deadline; counts the requests that were sent."""

    def __init__(self, server: FhirServer, client: httpx.AsyncClient, *, seconds: float, most_bytes: int) -> None:
        """`client` pools the sockets; `seconds` are left for everything, `most_bytes` for all answers together."""
        self.server = server
        self.requests = 0
        self._client = client
        self._origin = origin_of(server.url)
        self._ends = asyncio.get_running_loop().time() + seconds
        self._bytes_left = most_bytes
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)

    async def get(self, address: str) -> bytes:
        """The body of a GET, by an address below the base or one on the server's origin; raises `Fault`."""
        return await self._ask("GET", address, None, {})

    async def post(self, address: str, content: bytes, content_type: str) -> bytes:
        """The body of a POST that only reads; raises `Fault`."""
        return await self._ask("POST", address, content, {"Content-Type": content_type})

    async def _ask(self, method: str, address: str, content: bytes | None, headers: dict[str, str]) -> bytes:
        url = self._resolved(address)
        try:
            async with asyncio.timeout_at(self._ends):
                async for attempt in stamina.retry_context(on=_patience, attempts=_ATTEMPTS, timeout=None):
                    with attempt:
                        async with self._turns:
                            return await self._once(method, url, content, headers)
        except TimeoutError:
            raise OutOfTime from None
        raise AssertionError  # pragma: no cover - the last attempt raises or returns

    def _resolved(self, address: str) -> str:
        """The full address; one elsewhere gets no request, and so no token."""
        if "://" not in address:
            return f"{self.server.url}/{address}" if address else self.server.url
        if origin_of(address) != self._origin:
            raise Fault("it points to another server")
        return address

    async def _once(self, method: str, url: str, content: bytes | None, headers: dict[str, str]) -> bytes:
        self.requests += 1
        token = self.server.token
        known = {"Accept": JSON, **headers}
        if token is not None:
            known["Authorization"] = f"Bearer {token.get_secret_value()}"
        try:
            async with self._client.stream(method, url, content=content, headers=known) as response:
                _require_success(response)
                return await self._body(response)
        except httpx.TimeoutException:
            raise _TryAgain("it did not answer in time") from None
        except httpx.TransportError:
            raise _TryAgain("it could not be reached, or broke the connection off") from None

    async def _body(self, response: httpx.Response) -> bytes:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _JSON_TYPES:
            raise Fault("it answered with something that is not FHIR JSON", response.status_code)
        parts = []
        async for part in response.aiter_bytes():
            self._bytes_left -= len(part)
            if self._bytes_left < 0:
                raise Fault("it sent more than is read")
            parts.append(part)
        return b"".join(parts)


def _patience(error: Exception) -> bool | float:
    """Whether to ask again, or after how many seconds."""
    if not isinstance(error, _TryAgain):
        return False
    return True if error.wait is None else min(error.wait, _LONGEST_WAIT)


def _require_success(response: httpx.Response) -> None:
    status = response.status_code
    if status in _AGAIN:
        wait = retry_after(response.headers.get("retry-after", ""), datetime.now(UTC))
        raise _TryAgain(f"it answered with status {status}", status, wait)
    if status != httpx.codes.OK:
        raise Fault(f"it answered with status {status}", status)


def retry_after(text: str, now: datetime) -> float | None:
    """The seconds of a Retry-After header, which is a number of seconds or an HTTP date; None for anything else."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((until.replace(tzinfo=until.tzinfo or UTC) - now) / timedelta(seconds=1), 0.0)
