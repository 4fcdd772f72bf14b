"""A server's token endpoint: where it is, and one request to it, signed with a key of ours.

Errors name neither an address nor what was sent or received.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import httpx
import msgspec
from msgspec import Struct

from service.security.assertions import TYPE, client_assertion
from service.security.bearer import TokenUnavailable
from service.security.certificates import UNTRUSTED, is_untrusted
from service.security.origins import origin_of
from service.security.responses import COMPRESSED, UNCOMPRESSED, is_compressed, moment, retry_after
from service.security.sockets import PURPOSE

if TYPE_CHECKING:
    from service.security.keys import SigningKey
    from service.settings import FhirServer

_FAR_APART: Final = 60.0
_REMEMBERED_SECONDS: Final = 3600.0
_MOST_BYTES: Final = 64 * 1024
# What SMART recommends as the longest, for a server that says nothing or nonsense.
_LIFETIME: Final = 300.0
_LONGEST_LIFETIME: Final = 7 * 24 * 3600.0
_REMEDIES: Final = {
    "invalid_client": "check the client id, its algorithm, and that it knows the keys of this service",
    "invalid_scope": "register the scopes for the client, or name in not_searched the types that it does not have",
    "invalid_request": "",
    "invalid_grant": "",
    "unauthorized_client": "allow the client the grant client_credentials",
    "unsupported_grant_type": "it does not offer SMART Backend Services",
    "server_error": "",
    "temporarily_unavailable": "",
}
_UNTRUSTED: Final = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED})
_Shape = TypeVar("_Shape", bound=Struct)


class Grant(NamedTuple):
    """A token, how many seconds it lasts, and the scope that came with it (None: as asked)."""

    token: str
    seconds: float
    scope: str | None


class _Discovery(Struct, gc=False):
    token_endpoint: str = ""


class _Given(Struct, gc=False):
    access_token: str = ""
    token_type: str = ""
    expires_in: float | None = None
    scope: str | None = None


class _Refusal(Struct, gc=False):
    error: str = ""


class _Received(NamedTuple):
    status: int
    headers: httpx.Headers
    body: bytes


class TokenEndpoint:
    """The token endpoint of one server, found once an hour."""

    def __init__(self, server: FhirServer, client: httpx.AsyncClient, *, seconds: float) -> None:
        """`client` follows no redirects; `seconds` is the longest that one request may take."""
        self._server = server
        self._client = client
        self._seconds = seconds
        self._found = ""
        self._found_at = 0.0

    async def ask(self, key: SigningKey, scope: str) -> Grant:
        """A token for this scope; every call signs anew. Raises `TokenUnavailable`."""
        url = await self._address()
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": TYPE,
            "client_assertion": client_assertion(key, self._server.client_id, url, int(time.time())),
        }
        try:
            return _grant(await self._exchange("POST", url, "its token endpoint", data=form))
        except TokenUnavailable:
            self._found = ""
            raise

    async def _address(self) -> str:
        if self._server.token_url is not None:
            return self._server.token_url
        if not self._found or time.monotonic() - self._found_at > _REMEMBERED_SECONDS:
            self._found = await self._discovered()
            self._found_at = time.monotonic()
        return self._found

    async def _discovered(self) -> str:
        url = f"{self._server.url}/.well-known/smart-configuration"
        received = await self._exchange("GET", url, "its SMART configuration")
        found = _decoded(received.body, _Discovery()).token_endpoint if received.status == httpx.codes.OK else ""
        if not found:
            raise TokenUnavailable(
                f"it names no token endpoint (its SMART configuration: status {received.status}); "
                "if it has one, set token_url",
                passing=_passes(received.status),
            )
        if origin_of(found) is None or origin_of(found) != origin_of(self._server.url):
            raise TokenUnavailable(
                "the token endpoint that it names is on another origin, and gets nothing; if it is right, set token_url"
            )
        return found

    async def _exchange(self, method: str, url: str, what: str, **more: Any) -> _Received:
        """One request and what came back, at most so much and in so much time."""
        headers = {"Accept": "application/json", **UNCOMPRESSED}
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(method, url, headers=headers, extensions={PURPOSE: "token"}, **more) as response,
            ):
                return _Received(response.status_code, response.headers, await _body(response, what))
        except (TimeoutError, httpx.TimeoutException):
            raise TokenUnavailable(f"{what} did not answer in time") from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            if is_untrusted(error):
                raise TokenUnavailable(f"{what} could not be reached: {UNTRUSTED}") from None
            raise TokenUnavailable(f"{what} could not be reached, or broke the connection off", passing=True) from None


async def _body(response: httpx.Response, what: str) -> bytes:
    if is_compressed(response.headers):
        raise TokenUnavailable(f"{what} {COMPRESSED}")
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) > _MOST_BYTES:
            raise TokenUnavailable(f"{what} sent more than is read")
    return body


def _grant(received: _Received) -> Grant:
    if received.status != httpx.codes.OK:
        raise _refusal(received)
    given = _decoded(received.body, _Given())
    if given.token_type.lower() != "bearer" or not _is_sendable(given.access_token):
        raise TokenUnavailable("its token endpoint answered with something that holds no bearer token")
    told = given.expires_in
    seconds = told if told is not None and 0 < told <= _LONGEST_LIFETIME else _LIFETIME
    return Grant(given.access_token, seconds, given.scope)


def _is_sendable(token: str) -> bool:
    """Whether a header can carry it: visible characters of ASCII."""
    return bool(token) and all("!" <= character <= "~" for character in token)


def _refusal(received: _Received) -> TokenUnavailable:
    """In words of ours: the server's own may repeat what was sent."""
    error = _decoded(received.body, _Refusal()).error
    if error in _REMEDIES:
        reason = f"its token endpoint refuses ({error})" + (f": {_REMEDIES[error]}" if _REMEDIES[error] else "")
    else:
        reason = f"its token endpoint answered with status {received.status}"
    apart = _minutes_apart(received.headers.get("date", ""))
    if apart and received.status in _UNTRUSTED:
        reason += f"; its clock and this machine's are {apart} minutes apart, which makes it refuse what is signed here"
    wait = retry_after(received.headers, datetime.now(UTC)) or 0.0
    return TokenUnavailable(reason, passing=_passes(received.status) and not wait, wait=wait)


def _passes(status: int) -> bool:
    return status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR


def _minutes_apart(date: str) -> int:
    """By how many minutes a Date header differs from our clock; 0 where that is too little to matter."""
    told = moment(date)
    seconds = 0.0 if told is None else abs((told - datetime.now(UTC)).total_seconds())
    return max(round(seconds / 60), 1) if seconds > _FAR_APART else 0


def _decoded(body: bytes, nothing: _Shape) -> _Shape:
    """The JSON of a body; `nothing` where it is none, or another shape."""
    try:
        return msgspec.json.decode(body, type=type(nothing), strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return nothing
