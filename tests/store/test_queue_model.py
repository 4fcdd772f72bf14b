"""Does the queue behave as a dictionary would, whatever is asked of it in whatever order?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from service.store import Store, Work
from service.store.database import connect
from service.store.schema import WorkRow

NEVER = 3_600.0
PATIENTS, HOLDERS = st.sampled_from(["a", "b"]), st.sampled_from(["me", "you"])
ENDINGS = st.sampled_from(["keep", "finish", "postpone"])
# Times are now or never, so that the model needs no clock.
SOON = st.sampled_from([0.0, NEVER])
STEPS = st.one_of(
    st.tuples(st.just("enqueue"), st.sets(PATIENTS, min_size=1), SOON),
    st.tuples(st.just("take"), HOLDERS, SOON),
    st.tuples(ENDINGS, HOLDERS, SOON, st.integers(0, 3)),
    st.tuples(st.just("turn"), ENDINGS, SOON, st.booleans()),
)


@dataclass
class Row:
    """What the model knows of a patient."""

    due: bool
    generation: int = 1
    attempts: int = 0
    holder: str | None = None
    held: bool = False

    def give_back(self) -> None:
        self.holder, self.held = None, False


class Model:
    """The queue as a dictionary, and the work that was handed out."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rows: dict[str, Row] = {}
        self.handed_out: list[Work] = []

    async def enqueue(self, patients: set[str], delay: float) -> None:
        await self.store.enqueue("main", patients, delay)
        for patient in patients:
            row = self.rows.get(patient)
            if row is None:
                self.rows[patient] = Row(due=not delay)
                continue
            row.generation += 1
            if row.held:
                row.due = not delay
            else:
                row.due, row.attempts = row.due or not delay, 0

    async def take(self, holder: str, seconds: float) -> None:
        free = {patient for patient, row in self.rows.items() if row.due and not row.held}
        work = await self.store.take_work(holder, seconds)
        assert (work is None) == (not free)
        if work:
            assert work.patient in free
            row = self.rows[work.patient]
            assert work == Work("main", work.patient, row.generation, row.attempts)
            row.holder, row.held = holder, bool(seconds)
            self.handed_out.append(work)

    async def turn(self, ending: str, seconds: float, again: bool) -> None:
        """What a worker does: takes, and ends it; the patient may be enqueued again meanwhile."""
        before = len(self.handed_out)
        await self.take("me", NEVER)
        if len(self.handed_out) > before:
            if again:
                await self.enqueue({self.handed_out[-1].patient}, 0.0)
            await getattr(self, ending)("me", seconds, -1)

    def _of(self, which: int, holder: str) -> tuple[Work, Row | None]:
        """Some work that was handed out, and its row if the holder has it."""
        work = self.handed_out[which % len(self.handed_out)]
        row = self.rows.get(work.patient)
        return work, row if row and row.holder == holder else None

    async def keep(self, holder: str, seconds: float, which: int) -> None:
        work, row = self._of(which, holder)
        assert await self.store.keep_work(work, holder, seconds) == (row is not None)
        if row:
            row.held = bool(seconds)

    async def finish(self, holder: str, _seconds: float, which: int) -> None:
        work, row = self._of(which, holder)
        await self.store.finish_work(work, holder)
        if row and row.generation == work.generation:
            del self.rows[work.patient]
        elif row:
            row.attempts = 0
            row.give_back()

    async def postpone(self, holder: str, seconds: float, which: int) -> None:
        work, row = self._of(which, holder)
        await self.store.postpone_work(work, holder, seconds)
        if row and row.generation == work.generation:
            row.attempts += 1
            row.due = not seconds
        elif row:
            row.attempts = 0
        if row:
            row.give_back()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example empties the queue
@given(st.lists(STEPS, min_size=10, max_size=20))
def test_the_queue_is_a_dictionary(url: str, steps: list[tuple[Any, ...]]) -> None:
    async def follow() -> None:
        store = await Store.open(url)
        try:
            _empty(url)
            model = Model(store)
            for name, *arguments in steps:
                if name in ("enqueue", "take", "turn") or model.handed_out:
                    await getattr(model, name)(*arguments)
                assert await store.waiting() == len(model.rows)
        finally:
            await store.close()

    asyncio.run(follow())


def _empty(url: str) -> None:
    """Takes out what the last example left, held or put off."""
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(delete(WorkRow))
    engine.dispose()
