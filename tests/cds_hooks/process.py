"""A worker in a process of its own: takes a body of feedback some times and prints what it counted."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from service.cds_hooks.feedback import Feedback
from service.domain.ruleset import RuleSet
from service.rules import RULES
from service.store import Store
from service.telemetry import Metrics


async def main() -> None:
    """The database is in STORE, the body in BODY, the key in KEY."""
    metrics = Metrics()
    store = await Store.open(os.environ["STORE"], b"key")
    feedback = Feedback(os.environ["KEY"].encode(), RuleSet(RULES), store, metrics)
    body = Path(os.environ["BODY"]).read_bytes()
    for _ in range(3):
        await feedback.take(body)
    await store.close()
    sys.stdout.write(metrics.text().decode())


if __name__ == "__main__":
    asyncio.run(main())
