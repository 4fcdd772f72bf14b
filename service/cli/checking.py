"""`moodmarker check`: a file in, the answer out, and nothing else on standard output."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.assessment import CheckOptions, Context, assess
from service.errors import BodyUnreadable
from service.fhir.reading import wrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from service.settings import Settings


def check(file: Path, sent: Mapping[str, Sequence[str]], settings: Settings, *, pretty: bool) -> None:
    """Prints the answer to one file; `sent` are the parameters of the operation by name."""
    context = Context.load(settings)
    if pretty:
        sent = {"explain": ("full",), **sent}
    answer = assess(wrap(_read(file)), CheckOptions(sent), context, datetime.now(UTC))
    if pretty:
        from service.cli.pretty import shown

        _print(shown(answer.body).encode())
    else:
        _print(answer.body + b"\n")


def _print(text: bytes) -> None:
    """At once; who reads only the beginning has had an answer, so a pipe that is closed is no failure."""
    try:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still held would be written, and fail again, when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BodyUnreadable(f"{file} cannot be read: {error.strerror}.") from error
