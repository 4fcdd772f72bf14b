"""One write: a patient fetched and assessed, what was found stored on the server they came from, and both told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from service.assessment.aside import in_a_thread
from service.assessment.checking import (
    Answer,
    about,
    is_long_work,
    read,
    read_parameters,
    received_of,
)
from service.assessment.options import chosen
from service.assessment.recording import NOT_RECORDED, Decided
from service.assessment.verdicts import shadow_of, unknown_of, verdicts_of
from service.domain.assessing import assess as assess_chart
from service.errors import Overloaded, Problem
from service.fhir.writeback.back import Found, write_back
from service.fhir.writeback.results import NOT_STORED, Became, Report, Result
from service.fhir.writeback.storage import Storage
from service.fhir.writeback.target import Target, target_of
from service.fhir.writeback.tasks import Tasks, bound_by_tasks, fetch_tasks
from service.fhir.writeback.twins import heads_in, set_aside, sort_twins
from service.fhir.writing import write_answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from service.assessment.aside import Aside
    from service.assessment.context import Context
    from service.assessment.options import CheckOptions, Choices
    from service.assessment.recording import Recorded, Recording
    from service.assessment.servers import Opened, Servers
    from service.assessment.turns import Turns
    from service.fhir.client.fetching import Fetched
    from service.fhir.reading.account import Reading

_T = TypeVar("_T")


class Written(NamedTuple):
    """The answer, and how many resources were stored anew, changed, or not stored although they should have been.

    `target` is flag, task or none. `missing` are resource types that the server did not give in full this time.
    `left` counts what was found and not stored because a clinician has taken it further, or deleted it.
    """

    answer: Answer
    created: int
    changed: int
    refused: int
    target: str
    missing: frozenset[str] = frozenset()
    left: int = 0


async def assess_and_write(
    patient: str,
    body: bytes,
    options: CheckOptions,
    context: Context,
    servers: Servers,
    turns: Turns,
    now: datetime,
    *,
    aside: Aside = in_a_thread,
    recording: Recording = NOT_RECORDED,
) -> Written:
    """Assesses a patient, by id, whose data are fetched, and stores what was found; `body` holds parameters or nothing.

    Raises `Problem` where nothing was tried, and `Overloaded` where what was decided could not be recorded, which is
    done before it is stored; what could not be stored is told in the answer.
    """
    choices = about(patient, chosen(read_parameters(body, context).parameters, options, context, now, "write"))
    name = servers.chosen(choices.server, patient)
    servers.require_write(name)
    async with turns.turn(name, patient):
        opened = await servers.open(name)
        return await _Write(patient, choices, context, servers, opened, aside, recording).run(now)


class _Write:
    """One patient's turn."""

    def __init__(
        self,
        patient: str,
        choices: Choices,
        context: Context,
        servers: Servers,
        opened: Opened,
        aside: Aside,
        recording: Recording,
    ) -> None:
        self._patient = patient
        self._choices = choices
        self._context = context
        self._servers = servers
        self._opened = opened
        self._aside = aside
        self._recording = recording
        self._recorded: Recorded | None = None
        self._storage = Storage(opened.connection, opened.capability, patient)
        self._target, self._why_none = target_of(opened.connection.server, opened.capability)
        self._report = Report()

    async def run(self, now: datetime) -> Written:
        """Looks and writes; where somebody got ahead of a write, once more."""
        found = await self._look()
        if self._target is Target.NONE:
            self._report.tell("none", Result(Became.NO_TARGET, self._opened.name, reason=self._why_none))
        elif not await self._store(found, now):
            found = await self._again(found, now)
        return self._written(found)

    async def _again(self, found: Found, now: datetime) -> Found:
        try:
            fresh = await self._look()
        except Overloaded:
            # What cannot be recorded is not told, and is no conflict: it is asked for again.
            raise
        except Problem:
            # What the first try stored has to be told, and what it did not.
            return found
        self._report.begin_again()
        await self._store(fresh, now)
        return fresh

    async def _store(self, found: Found, now: datetime) -> bool:
        return await write_back(self._target, found, self._storage, self._report, now)

    async def _look(self) -> Found:
        fetched = await self._servers.fetch_from(self._opened, self._patient, self._choices.as_of.day)
        tasks = Tasks()
        if self._target is Target.TASK:
            tasks = await fetch_tasks(self._storage)
            fetched = fetched.with_more(tasks.flags)
            if not tasks.gap:
                # Our Flags are within the Tasks, all of them.
                fetched = fetched._replace(gaps={kind: why for kind, why in fetched.gaps.items() if kind != "Flag"})
        whole, first_task = await self._work(partial(_read, fetched, tasks, self._choices, self._context), fetched)
        twins = await sort_twins(heads_in(whole).values(), self._storage.is_as_created)
        reading = set_aside(whole, twins)
        as_of, rule_set = self._choices.as_of, self._context.rule_set
        chart = reading.chart._replace(deleted=frozenset(self._storage.deleted))
        assessment = await self._work(partial(assess_chart, chart, rule_set, as_of, traced=False), fetched)
        # What was stored after an earlier look was recorded then; this decision takes its place.
        replaces = "" if self._recorded is None else self._recorded.decision
        self._recorded = await self._recording.of(Decided(assessment, fetched.bundle, replaces=replaces))
        return Found(assessment, reading, twins.beside(tasks.twins), tasks, first_task, fetched.failed)

    async def _work(self, work: Callable[[], _T], fetched: Fetched) -> _T:
        return await self._aside(work) if is_long_work(fetched, self._choices) else work()

    def _written(self, found: Found) -> Written:
        report, assessment = self._report, found.assessment
        body = write_answer(
            assessment,
            found.reading,
            self._context.rule_set,
            explain=self._choices.explain,
            as_=self._choices.as_,
            terminology=self._context.terminology,
            written=report.issues,
            ids=report.ids,
        )
        received = found.reading.account.received
        verdicts, shadow, unknown = verdicts_of(assessment), shadow_of(assessment), unknown_of(assessment)
        answer = Answer(body, assessment.urgent, verdicts, received, shadow, unknown, recorded=self._recorded)
        created, changed = report.count(Became.CREATED), report.count(Became.CHANGED)
        refused, left = report.count(*NOT_STORED), report.count(Became.LEFT)
        return Written(answer, created, changed, refused, self._target.value, found.missing, left)


def _read(fetched: Fetched, tasks: Tasks, choices: Choices, context: Context) -> tuple[Reading, int]:
    """What the rules read, and the number of the entry that holds the Flag of the first Task."""
    received = received_of(fetched, context)
    first_task = len(received.entries) - len(tasks.flags)
    return bound_by_tasks(read(received, choices, context, fetched.gaps), tasks, first_task), first_task
