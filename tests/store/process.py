"""A worker in a process of its own, for tests that kill it: `python -m tests.store.process WHAT` with its URL in STORE."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from service.store import Notice, Store

CLAIM = 5.0


def say(word: str) -> None:
    """Tells the test, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def open_and_close(store: Store) -> None:
    """Nothing but that."""


async def accept(store: Store) -> None:
    """Accepts one notice after the other, and says so of each."""
    number = 0
    while True:
        number += 1
        told = Notice("feed", (number,), (f"patient-{number}",), number, (f"Observation/{number}/1",))
        assert (await store.accept(told)).new == 1
        say(str(number))


async def hang(store: Store) -> None:
    """Takes work, says so, and never ends it."""
    work = await store.take_work(f"process-{os.getpid()}", CLAIM)
    say(work.patient if work else "")
    await asyncio.sleep(600)


async def work(store: Store) -> None:
    """Works until told to stop. A patient's folder is theirs alone while worked on; what is newest there is noted."""
    top, me = Path(os.environ["FOLDER"]), f"process-{os.getpid()}"
    say("ready")
    while not (top / "stop").exists():
        taken = await store.take_work(me, 60)
        if taken is None:
            await asyncio.sleep(0.001)
            continue
        folder = top / taken.patient
        (folder / "busy").touch(exist_ok=False)
        newest = (folder / "newest").read_text()
        await asyncio.sleep(0.005)
        (folder / "assessed").write_text(newest)
        (folder / "busy").unlink()
        await store.finish_work(taken, me)


async def main() -> None:
    """Opens the store and does what the command line says."""
    store = await Store.open(os.environ["STORE"])
    await {"accept": accept, "hang": hang, "open": open_and_close, "work": work}[sys.argv[1]](store)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main())
