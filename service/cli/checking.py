"""`moodmarker check`: a file in, the answer out, and nothing else on standard output."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.assessment import CheckOptions, Context, assess
from service.errors import BodyUnreadable
from service.fhir.reading import wrap

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings


def check(file: Path, options: CheckOptions, settings: Settings, *, pretty: bool) -> None:
    """Prints the answer to one file."""
    context = Context.load(settings)
    if pretty and options.explain is None:
        options = options._replace(explain="full")
    answer = assess(wrap(_read(file)), options, context, datetime.now(UTC))
    if pretty:
        from service.cli.pretty import show

        show(answer.body)
        return
    sys.stdout.buffer.write(answer.body + b"\n")
    sys.stdout.buffer.flush()


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BodyUnreadable(f"{file} cannot be read: {error.strerror}.") from error
