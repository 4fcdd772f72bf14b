"""Calling the command inside this process."""

import io
import sys
from typing import NamedTuple

import pytest

from service.cli import main


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
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    return Called(code if isinstance(code, int) else 0, _text(streams["stdout"]), _text(streams["stderr"]))


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
