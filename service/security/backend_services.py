"""SMART Backend Services: tokens for one server, asked for with a signed assertion and kept while they last."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

import stamina
import structlog

from service.security.bearer import TokenUnavailable
from service.security.scopes import Access, access_of, scope_of
from service.security.token_endpoint import TokenEndpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from service.security.keys import KeyFolder
    from service.security.token_endpoint import Grant
    from service.settings import FhirServer

NOT_ASKED: Final = "not asked for yet"
# How long before its end a token is replaced: little enough that one of five minutes is used for most of them.
_EARLIER: Final = 30.0
_EARLIER_SHARE: Final = 0.1
_ATTEMPTS: Final = 2
_WAITS: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
_LONGEST_ASKED_WAIT: Final = 300.0
# A server that refuses each new token would otherwise have one made for each request.
_BETWEEN_REFUSALS: Final = 5.0


class _Held(NamedTuple):
    token: str
    fresh_until: float
    ends: float


class BackendServices:
    """The tokens of one server for one scope, in one worker: however many ask at a time, one request is made."""

    def __init__(
        self,
        name: str,
        server: FhirServer,
        wanted: Mapping[str, str],
        keys: KeyFolder,
        client: httpx.AsyncClient,
        *,
        seconds: float,
    ) -> None:
        """`name` is for the log; `wanted` are the permissions asked for on each resource type."""
        self._name = name
        self._server = server
        self._scope = scope_of(wanted, server.scopes)
        self._keys = keys
        self._endpoint = TokenEndpoint(server, client, seconds=seconds)
        self._held: _Held | None = None
        self._access: Access | None = None
        self._request: asyncio.Task[str | TokenUnavailable] | None = None
        self._failure: TokenUnavailable | None = None
        self._failures = 0
        self._quiet_until = 0.0
        self._replaced_at = -_BETWEEN_REFUSALS

    @property
    def access(self) -> Access:
        """What the last token allows; nothing before the first."""
        return access_of("") if self._access is None else self._access

    @property
    def state(self) -> str:
        """How the last request for a token ended."""
        if self._failure is not None:
            return f"failed: {self._failure.reason}"
        return "ok" if self._access is not None else NOT_ASKED

    async def token(self) -> str:
        """A token that has not been refused; raises `TokenUnavailable`."""
        held = self._held
        if held is not None and monotonic() < held.fresh_until:
            return held.token
        if self._request is None or self._request.done():
            self._request = asyncio.ensure_future(self._renewed())
        # Who gives up waiting leaves the request to the others.
        outcome = await asyncio.shield(self._request)
        if isinstance(outcome, TokenUnavailable):
            raise TokenUnavailable(outcome.reason)
        return outcome

    def refused(self, token: str) -> bool:
        """The server did not take a token; True when another may be had."""
        if self._held is None or self._held.token != token:
            return True
        now = monotonic()
        if now - self._replaced_at < _BETWEEN_REFUSALS:
            return False
        self._held = None
        self._replaced_at = now
        return True

    async def _renewed(self) -> str | TokenUnavailable:
        """A new token, or why there is none; after a failure the endpoint is left alone for a while."""
        began = monotonic()
        if self._failure is None or began >= self._quiet_until:
            try:
                return self._keep(await self._granted(), began)
            except TokenUnavailable as failure:
                self._note(failure)
        if self._held is not None and began < self._held.ends:
            return self._held.token
        assert self._failure is not None  # noqa: S101 - it was noted now or before
        return self._failure

    async def _granted(self) -> Grant:
        async for attempt in stamina.retry_context(on=_is_passing, attempts=_ATTEMPTS, timeout=None):
            with attempt:
                key = self._keys.signing(self._server.algorithm)
                if key is None:
                    raise TokenUnavailable(
                        f"the service has no key of {self._server.algorithm}; make one with: moodmarker keys new"
                    )
                return await self._endpoint.ask(key, self._scope)
        raise AssertionError  # pragma: no cover - the last attempt raises or returns

    def _keep(self, grant: Grant, began: float) -> str:
        """Reckons from when the token was asked for, by a clock that nobody sets."""
        self._access = access_of(self._scope if grant.scope is None else grant.scope)
        earlier = min(_EARLIER, grant.seconds * _EARLIER_SHARE)
        self._held = _Held(grant.token, began + grant.seconds - earlier, began + grant.seconds)
        if self._failure is not None:
            structlog.get_logger().info("token given again", server=self._name)
        self._failure = None
        self._failures = 0
        return grant.token

    def _note(self, failure: TokenUnavailable) -> None:
        own = _WAITS[min(self._failures, len(_WAITS) - 1)]
        self._quiet_until = monotonic() + max(own, min(failure.wait, _LONGEST_ASKED_WAIT))
        self._failures += 1
        self._failure = failure
        structlog.get_logger().warning("no token", server=self._name, reason=failure.reason)


def _is_passing(error: Exception) -> bool:
    return isinstance(error, TokenUnavailable) and error.passing
