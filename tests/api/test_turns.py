"""Does one writer at a time get a turn, in this process and among several, and does nobody wait for ever?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.assessment.turns import Turns
from service.errors import Overloaded


class Shelf:
    """Leases that several hold at once would be a fault."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.seconds = 0.0
        self.fails = False

    async def take_lease(self, name: str, holder: str, seconds: float) -> bool:
        self.seconds = seconds
        return self.held.setdefault(name, holder) == holder

    async def release_lease(self, name: str, holder: str) -> None:
        if self.fails:
            raise ConnectionError("postgresql://user:password@host is away")
        if self.held.get(name) == holder:
            del self.held[name]


class Room:
    """Counts who is inside."""

    def __init__(self) -> None:
        self.inside = self.most = self.visits = 0

    async def visit(self, turns: Turns, patient: str = "p1", server: str = "main") -> None:
        async with turns.turn(server, patient):
            self.inside += 1
            self.visits += 1
            self.most = max(self.most, self.inside)
            await asyncio.sleep(0.01)
            self.inside -= 1


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_one_writer_at_a_time_for_one_patient() -> None:
    room, turns = Room(), Turns(5)
    run(lambda: _together(*(room.visit(turns) for _ in range(5))))
    assert (room.most, room.visits) == (1, 5)


def test_other_patients_and_servers_do_not_wait() -> None:
    room, turns = Room(), Turns(5)
    run(lambda: _together(room.visit(turns), room.visit(turns, "p2"), room.visit(turns, server="other")))
    assert room.most == 3


def test_processes_that_share_a_store_take_turns() -> None:
    room, shelf = Room(), Shelf()
    run(lambda: _together(*(room.visit(Turns(5, shelf)) for _ in range(3))))
    assert (room.most, room.visits) == (1, 3)
    assert shelf.held == {}
    assert shelf.seconds > 5  # longer than any conversation


def test_the_store_learns_no_patient() -> None:
    shelf = Shelf()

    async def work() -> None:
        async with Turns(5, shelf).turn("main", "p1"):
            (name,) = shelf.held
            assert re.fullmatch("write:[0-9a-f]{64}", name)

    run(work)


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(*works)


def test_a_turn_that_cannot_be_had_in_time_is_refused() -> None:
    async def here() -> None:
        turns = Turns(0.1)
        async with turns.turn("main", "p1"):
            with pytest.raises(Overloaded):
                async with turns.turn("main", "p1"):
                    raise AssertionError
        async with turns.turn("main", "p1"):
            pass

    async def elsewhere() -> None:
        shelf = Shelf()
        async with Turns(0.1, shelf).turn("main", "p1"):
            with pytest.raises(Overloaded):
                async with Turns(0.1, shelf).turn("main", "p1"):
                    raise AssertionError
            assert len(shelf.held) == 1
        assert shelf.held == {}

    run(here)
    run(elsewhere)


def test_a_turn_ends_with_a_fault() -> None:
    shelf, turns = Shelf(), Turns(0.1)

    async def work() -> None:
        for one in (turns, Turns(0.1, shelf)):
            with pytest.raises(ValueError, match="in it"):
                async with one.turn("main", "p1"):
                    raise ValueError("in it")
            async with one.turn("main", "p1"):
                pass

    run(work)
    assert shelf.held == {}


def test_a_lease_that_cannot_be_given_back_is_no_fault_of_the_write() -> None:
    shelf, room = Shelf(), Room()
    shelf.fails = True
    with capture_logs() as lines:
        run(lambda: room.visit(Turns(5, shelf)))
    assert room.visits == 1
    assert [line["event"] for line in lines] == ["lease kept"]
    assert "password" not in str(lines)
