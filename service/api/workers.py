"""A worker that is made ready beforehand, serves when it is told to, and leaves without cutting anybody off."""

from __future__ import annotations

import asyncio
import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.supervisors.multiprocess import Process

if TYPE_CHECKING:
    from socket import socket

_BEGIN: Final = b"begin"
_LOOK_SECONDS: Final = 0.005
# How long a client that holds a connection open may still send on it once its worker is leaving.
_LAST_REQUESTS_SECONDS: Final = 0.25
_CLOSING: Final = (b"connection", b"close")


class Stage(StrEnum):
    """How far a worker is."""

    LOADING = "loading"
    WAITING = "waiting"
    SERVING = "serving"
    LEAVING = "leaving"
    CLOSED = "closed"


class TurnTakingServer(uvicorn.Server):
    """uvicorn's server, but that it waits for its turn before it accepts, and has clients reconnect before it ends."""

    def __init__(self, config: uvicorn.Config) -> None:
        """`may_begin` is set from the thread that hears the parent."""
        super().__init__(config)
        self.stage = Stage.LOADING
        self.may_begin = False

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Everything is loaded by now; what the application begins, and who connects, waits for the turn."""
        self.stage = Stage.WAITING
        while not (self.may_begin or self.should_exit):
            await asyncio.sleep(_LOOK_SECONDS)
        if not self.should_exit:
            await super().startup(sockets)
            self.stage = Stage.SERVING

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Accepts nobody more; who is connected is answered once more, and told that the connection ends with it."""
        self.stage = Stage.LEAVING
        for server in self.servers:
            server.close()
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSING]
        loop = asyncio.get_running_loop()
        end = loop.time() + _LAST_REQUESTS_SECONDS
        while self.server_state.connections and loop.time() < end:
            await asyncio.sleep(_LOOK_SECONDS)
        self.stage = Stage.CLOSED
        # Before it first waits, this closes every connection on which nothing is being answered.
        await super().shutdown(sockets)


class Worker(Process):
    """A process that serves. It and its parent hear of one another, so that neither outlives the other unseen."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket]) -> None:
        """It is started as it is made; it serves once it is told to `begin`."""
        super().__init__(config, sockets)
        self.start()
        # What is left is the child's alone, so that either side reads an end when the other has died.
        self.child_conn.close()

    @property
    def server(self) -> TurnTakingServer:
        """The server inside the process."""
        if not isinstance(self._server, TurnTakingServer):
            self._server = TurnTakingServer(self.config)
        return self._server

    def target(self, sockets: list[socket] | None = None) -> None:  # pragma: no cover - in the process itself
        """What the process runs."""
        # A terminal that hangs up, or whoever tells the whole group to reload, means the parent.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.parent_conn.close()
        # Made before the thread that asks it how far it is.
        self._server = self.server
        super().target(sockets)

    def always_pong(self) -> None:  # pragma: no cover - in the process itself
        """Answers the parent; without a parent nobody would replace or end this process, so it ends in order."""
        try:
            while True:
                self.pong()
        except (EOFError, OSError):
            self.server.should_exit = True

    def pong(self) -> None:  # pragma: no cover - in the process itself
        """Hears that it may begin, or is asked how far it is."""
        if self.child_conn.recv() == _BEGIN:
            self.server.may_begin = True
        else:
            self.child_conn.send(self.server.stage.value)

    def begin(self) -> None:
        """Lets it serve."""
        try:
            self.parent_conn.send(_BEGIN)
        except OSError:
            return  # It has died; the supervisor finds that out and replaces it.

    def stage(self, timeout: float) -> Stage | None:
        """How far it is; None where it does not say so in time."""
        told: object = self._healthcheck(timeout)
        return Stage(told) if isinstance(told, str) else None

    def terminate(self) -> None:
        """Has it finish what it holds and end; it can still be asked how far it is."""
        if self.process.exitcode is None:
            self.process.terminate()

    def let_go(self) -> None:
        """Ends it at once if it has not ended, and forgets it."""
        self.process.kill()
        self.process.join()
        self.parent_conn.close()
