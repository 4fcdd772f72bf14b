"""Processes of a test's own, which end with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.architecture.tree import ROOT

Start = Callable[..., "subprocess.Popen[str]"]


@contextmanager
def starting(module: str, **always: str) -> Iterator[Start]:
    """Starts processes of a module, given words and variables, and kills those that are left."""
    started: list[subprocess.Popen[str]] = []

    def started_with(*words: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env=os.environ | always | variables,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    try:
        yield started_with
    finally:
        for process in started:
            with process:
                process.kill()
