"""One write: the findings of an assessment stored as the server takes them, each result told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.fhir.writeback.carriers import FlagCarrier
from service.fhir.writeback.plans import write_plans
from service.fhir.writeback.results import Became, Result
from service.fhir.writeback.target import Target
from service.fhir.writeback.tasks import TaskCarrier, Tasks
from service.fhir.writeback.twins import Twins
from service.fhir.writeback.writer import Writer
from service.fhir.writing.frame import Frame

if TYPE_CHECKING:
    from datetime import datetime

    from service.domain.findings import Assessment
    from service.fhir.reading.account import Reading
    from service.fhir.writeback.results import Report
    from service.fhir.writeback.storage import Storage

_PLAN_NOT_TAKEN = "Tasks are written to this server, and the plan stands in this answer alone"


class Found(NamedTuple):
    """What was found of one patient: `reading` is without the `twins` that are gone; `tasks` hold its last Flags.

    `missing` are the resource types that another fetch may give in full.
    """

    assessment: Assessment
    reading: Reading
    twins: Twins = Twins()
    tasks: Tasks = Tasks()
    first_task: int = 0
    missing: frozenset[str] = frozenset()


async def write_back(target: Target, found: Found, storage: Storage, report: Report, now: datetime) -> bool:
    """Stores what was found; False where somebody got ahead of it, so that looking again is worth it."""
    gap = found.tasks.gap if target is Target.TASK else found.reading.chart.not_covered.get("Flag", "")
    if gap:
        kind = "Task" if target is Target.TASK else "Flag"
        report.tell("unread", Result(Became.UNREAD, kind, reason=gap))
        return True
    writer = Writer(storage, Frame(found.assessment, in_transaction=True), report, now)
    await writer.withdraw(found.twins)
    if target is Target.TASK:
        return await _write_tasks(writer, found)
    flags = await writer.write(FlagCarrier(found.reading, writer.frame), found.assessment.flags)
    is_done = all(one.became is not Became.CONFLICT for one in flags.values())
    return await write_plans(writer, found.assessment, found.reading, flags) and is_done


async def _write_tasks(writer: Writer, found: Found) -> bool:
    carrier = TaskCarrier(found.tasks, found.first_task, writer.frame)
    tasks = await writer.write(carrier, found.assessment.flags)
    if found.assessment.plan is not None:
        writer.report.tell("CarePlan|", Result(Became.LEFT, "CarePlan", "the draft plan", _PLAN_NOT_TAKEN, True))
    return all(one.became is not Became.CONFLICT for one in tasks.values())
