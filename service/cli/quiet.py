"""Commands print what they found and log nothing beside it."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def nothing_logged() -> Iterator[None]:
    """Faults and repeated tries are told in the end, and not on standard output as they happen."""
    kept = structlog.get_config() if structlog.is_configured() else None
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.reset_defaults()
        if kept is not None:
            structlog.configure(**kept)
