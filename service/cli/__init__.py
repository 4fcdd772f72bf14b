"""The command `moodmarker`."""

from __future__ import annotations

from service.cli.commands import main

__all__ = ["main"]
