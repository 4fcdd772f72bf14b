"""Calling the command inside this process."""

import io
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import structlog

from service.cli import main

_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Called(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class _Binary:
    """A text stream with the bytes beneath it, as standard input and output have."""

    @staticmethod
    def over(content: bytes = b"") -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", write_through=True)


def call(*arguments: str, given: bytes = b"") -> Called:
    """Runs `moodmarker` with these arguments and this standard input."""
    streams = {"stdin": _Binary.over(given), "stdout": _Binary.over(), "stderr": _Binary.over()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["moodmarker", *arguments])
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        with _as_before(), pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    return Called(code if isinstance(code, int) else 0, _text(streams["stdout"]), _text(streams["stderr"]))


@contextmanager
def _as_before() -> Iterator[None]:
    """What a command settles for its process is undone, for this process goes on."""
    root = logging.getLogger()
    logged, signals = (root.handlers[:], root.level), {one: signal.getsignal(one) for one in _SIGNALS}
    configured = structlog.get_config() if structlog.is_configured() else None
    try:
        yield
    finally:
        structlog.reset_defaults()
        if configured:
            structlog.configure(**configured)
        root.handlers[:], root.level = logged
        for one, handler in signals.items():
            signal.signal(one, handler)


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
