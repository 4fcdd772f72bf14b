"""What is done for one row of the queue: find out whose resource it is, or assess the patient and write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from service.assessment import CheckOptions, assess_and_write
from service.assessment.recording import SUBSCRIPTION, Recording, Unrecorded
from service.errors import NotFound, Problem
from service.subscriptions.recovering import patient_behind

if TYPE_CHECKING:
    from service.assessment import Context, Servers, Turns
    from service.assessment.recording import Recorder
    from service.store import Store, Work
    from service.subscriptions.sources import Sources
    from service.telemetry import Metrics


class NotStored(Problem):
    """The patient was assessed, and what was found could not be stored in full: `urgent` says how much it matters."""

    code = "incomplete"

    def __init__(self, text: str, *, urgent: bool) -> None:
        super().__init__(text)
        self.urgent = urgent


class NotWhole(Problem):
    """The patient was assessed on a part of the data, for the server failed to give the rest."""

    code = "incomplete"


class Assessor:
    """Does the work of the queue; raises `Problem` or `Fault` where it could not be done."""

    def __init__(
        self,
        store: Store,
        context: Context,
        servers: Servers,
        sources: Sources,
        turns: Turns,
        metrics: Metrics,
        recorder: Recorder | None = None,
    ) -> None:
        """`turns` keep writers of one patient apart, those that no subscription called among them."""
        self._store = store
        self._context = context
        self._servers = servers
        self._sources = sources
        self._turns = turns
        self._recorder = recorder or Unrecorded()
        self._metrics = metrics
        self._told: set[str] = set()
        self._log = structlog.get_logger()

    async def __call__(self, work: Work) -> None:
        """Does one work."""
        if not self._sources.knows(work.server):
            self._tell_once(work.server, "work of a server that is no longer configured is dropped")
        elif not self._servers.configured(work.server).write:
            self._tell_once(work.server, "nothing is assessed for a server that may not be written to")
        elif "/" in work.patient:
            await self._look_up(work)
        else:
            await self._assess(work)

    async def _look_up(self, work: Work) -> None:
        """A resource whose patient was not named makes room for its patient."""
        connection = (await self._servers.open(work.server)).connection
        try:
            patient = await patient_behind(connection, work.patient, self._sources.of(work.server).base)
        except NotFound:
            patient = ""
        if patient:
            await self._store.enqueue(work.server, [patient])
        else:
            self._log.warning("a notification was about nobody who can be found", server=work.server)
            self._metrics.worked("nobody")

    async def _assess(self, work: Work) -> None:
        options = CheckOptions({"server": (work.server,)})
        now = datetime.now(UTC)
        recording = Recording.begun(self._recorder, SUBSCRIPTION, work.server)
        written = await assess_and_write(
            work.patient, b"", options, self._context, self._servers, self._turns, now, recording=recording
        )
        answer = written.answer
        self._metrics.checked(answer)
        if written.target == "none":
            self._tell_once(work.server, "the server takes neither flags nor tasks: nothing that is found is written")
        if written.left:
            self._tell_left(work.server, written.left, urgent=answer.urgent)
        if written.refused:
            text = f"The FHIR server {work.server} did not store {written.refused} resources."
            raise NotStored(text, urgent=answer.urgent)
        if written.missing:
            # What was notified may be in what is missing: this work is not done.
            kinds = ", ".join(sorted(written.missing))
            raise NotWhole(f"The FHIR server {work.server} did not give all of: {kinds}.")

    def _tell_left(self, server: str, left: int, *, urgent: bool) -> None:
        """Nobody reads the answer: whoever runs the service hears of what stands on the server other than found."""
        tell = self._log.error if urgent else self._log.warning
        tell("what was found was left: somebody has it in hand, or has deleted it", server=server, left=left)
        self._metrics.left(left, urgent=urgent)

    def _tell_once(self, server: str, text: str) -> None:
        if server not in self._told:
            self._told.add(server)
            self._log.warning(text, server=server)
