"""What every request goes through that makes work: its caller's rate, its body, and a place among those at a time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from service.api.body import BodyLimits, read_body
from service.api.exchange import exchange_of
from service.api.rates import Rates
from service.errors import Overloaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from service.api.admission import Admission
    from service.settings import Settings

_T = TypeVar("_T")


class Intake:
    """The requests that one worker takes, whatever route they came by."""

    def __init__(self, settings: Settings, admission: Admission) -> None:
        """`admission` says how many at a time."""
        self._limits = BodyLimits.of(settings)
        self._admission = admission
        self._rates = Rates(settings)
        # A body that may be sent at all has to fit in.
        self._most = max(settings.body_memory_bytes, settings.max_decompressed_bytes)
        self._held = 0

    @asynccontextmanager
    async def taken(self, request: Request, *, has_body: bool = True, rated: bool = True) -> AsyncIterator[bytes]:
        """The body of a request that has a place until the end of the block; raises `Problem`.

        The body is read first: who sends it slowly takes up a connection, and no place.
        """
        exchange = exchange_of(request.scope)
        if rated:
            peer = request.scope.get("client")
            self._rates.require(f"caller {exchange.caller}" if exchange.caller else f"peer {peer[0] if peer else ''}")
        self._admission.require_room()
        held = _Held(self)
        try:
            body = await read_body(request.receive, exchange.headers, self._limits, held.add) if has_body else b""
            async with self._admission.admitted(request.receive):
                yield body
        finally:
            self._held -= held.bytes

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Work in a thread, given up after the deadline."""
        return await self._admission.aside(work)

    def hold(self, size: int) -> None:
        """Counts more bytes of a body; raises `Overloaded` where there are too many."""
        if self._held + size > self._most:
            raise Overloaded(
                "The service holds as many bodies as it has memory for; try again in a second.",
                limit="body_memory_bytes",
            )
        self._held += size


class _Held:
    """What one request holds of the memory for bodies."""

    __slots__ = ("_intake", "bytes")

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.bytes = 0

    def add(self, size: int) -> None:
        self._intake.hold(size)
        self.bytes += size
