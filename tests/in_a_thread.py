"""A small server of a test's own on loopback, in a thread beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import uvicorn
from starlette.applications import Starlette

PATIENCE = 10.0


class Serving(Protocol):
    """What a server has and was asked."""

    @property
    def app(self) -> Starlette: ...


S = TypeVar("S", bound=Serving)


@contextmanager
def in_a_thread(make: Callable[[int], S], **config: Any) -> Iterator[S]:
    """What `make` gives for a free port, served there until the end."""
    settings = uvicorn.Config("", host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none", **config)
    with settings.bind_socket() as listener:
        served = make(listener.getsockname()[1])
        settings.app = served.app
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        ends = time.monotonic() + PATIENCE
        while not server.started and time.monotonic() < ends:
            time.sleep(0.01)
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
