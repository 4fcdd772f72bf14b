"""One writer at a time for each patient of a server: in this process always, and among all where there is a store."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from service.errors import Overloaded
from service.security.deadlines import seconds_left
from service.telemetry import described

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# A lease outlives the conversation that it is for, so that nobody else writes beside its last request.
_MARGIN_SECONDS: Final = 30.0
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_BUSY: Final = "Somebody else is writing for this patient; try again in a second."


class Leases(Protocol):
    """A store that several processes share: a name is held by one holder until it is given back or runs out."""

    async def take_lease(self, name: str, holder: str, seconds: float) -> bool:
        """True when `holder` has it now; it is extended where it had it already."""

    async def release_lease(self, name: str, holder: str) -> None:
        """Gives it back."""


class Turns:
    """Hands out turns; without leases they hold in this process alone."""

    def __init__(self, seconds: float, leases: Leases | None = None) -> None:
        """`seconds` bound both the wait for a turn and the conversation that is had in one."""
        self._seconds = seconds
        self._leases = leases
        self._locks: dict[str, _Lock] = {}

    @asynccontextmanager
    async def turn(self, server: str, patient: str) -> AsyncIterator[None]:
        """The turn to write for a patient; raises `Overloaded` where it cannot be had in time."""
        # The name goes into the store, which holds no patient's id for longer than it has to.
        name = f"write:{sha256(f'{server}|{patient}'.encode()).hexdigest()}"
        ends = asyncio.get_running_loop().time() + seconds_left(self._seconds)
        async with self._locked(name, ends):
            if self._leases is None:
                yield
                return
            holder = secrets.token_hex(16)
            try:
                await self._take(self._leases, name, holder, ends)
                yield
            finally:
                await _give_back(self._leases, name, holder)

    @asynccontextmanager
    async def _locked(self, name: str, ends: float) -> AsyncIterator[None]:
        lock = self._locks.setdefault(name, _Lock())
        lock.wanted += 1
        try:
            try:
                async with asyncio.timeout_at(ends):
                    await lock.lock.acquire()
            except TimeoutError:
                raise Overloaded(_BUSY) from None
            try:
                yield
            finally:
                lock.lock.release()
        finally:
            lock.wanted -= 1
            if not lock.wanted:
                del self._locks[name]

    async def _take(self, leases: Leases, name: str, holder: str, ends: float) -> None:
        pause = _FIRST_PAUSE
        clock = asyncio.get_running_loop().time
        while not await leases.take_lease(name, holder, self._seconds + _MARGIN_SECONDS):
            if clock() + pause > ends:
                raise Overloaded(_BUSY)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


class _Lock:
    """A lock, and how many hold or await it: one that nobody wants is dropped."""

    __slots__ = ("lock", "wanted")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.wanted = 0


async def _give_back(leases: Leases, name: str, holder: str) -> None:
    """What was written stays written: a lease that cannot be given back runs out by itself."""
    try:
        await leases.release_lease(name, holder)
    except Exception as error:
        structlog.get_logger().warning("lease kept", **described(error))
