"""A finding as a Task, for servers that take no Flag: the Flag stands within it, and is read back from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from service.domain.findings import FlagState
from service.domain.rule import Priority
from service.fhir.addresses import CLOSED_BY_RULE, FLAG_SID
from service.fhir.client.faults import Fault
from service.fhir.writeback.carriers import Change
from service.fhir.writeback.results import Became, Stored
from service.fhir.writeback.twins import Twins, sort_twins
from service.fhir.writing.elements import DEVICE, Json, clean
from service.fhir.writing.flags import revise_flag, write_flag
from service.fhir.writing.received import ReceivedResource
from service.fhir.writing.rules import spell_rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.domain.facts import PriorFlag
    from service.domain.findings import FlagFinding
    from service.fhir.reading.account import Reading
    from service.fhir.writeback.heads import Head
    from service.fhir.writeback.storage import Storage
    from service.fhir.writing.frame import Frame

_CLOSED: Final = frozenset({"rejected", "cancelled", "failed", "completed"})
_ERROR: Final = "entered-in-error"
# What only we do to a Task: whoever else deals with it takes it further.
_OURS: Final = frozenset({"requested", "cancelled"})
_STATUS: Final = {FlagState.ACTIVE: "requested", FlagState.INACTIVE: "cancelled", FlagState.RETRACTED: _ERROR}
_WITH_FLAG: Final = {state.value: status for state, status in _STATUS.items()}
_PRIORITY: Final = {Priority.PH: "stat", Priority.PM: "urgent", Priority.PL: "routine"}
# What a Task may be, from the least urgent on.
_URGENCIES: Final = ("routine", "urgent", "asap", "stat")
_INSIDE: Final = "flag"
_TAKEN_FURTHER: Final = "somebody is dealing with the Task"
_OTHER_PRIORITY: Final = "somebody is dealing with the Task, whose priority would now be {priority}"
_NO_TASK: Final = "it is a Flag, and Tasks are written to this server"
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Tasks(NamedTuple):
    """Our Tasks of one patient: `flags` are those within them, in their order; `gap` says why some may be missing."""

    heads: tuple[Head, ...] = ()
    flags: tuple[bytes, ...] = ()
    twins: Twins = Twins()
    gap: str = ""


async def fetch_tasks(storage: Storage) -> Tasks:
    """The Tasks that we have stored, without those that are there twice."""
    try:
        heads = [head for head in await storage.found("Task") if head.named(FLAG_SID)]
    except Fault as fault:
        return Tasks(gap=fault.reason)
    twins = await sort_twins(heads, storage.is_as_created)
    gone = {twin.head.id for twin in twins.gone}
    read = [(head, flag) for head in heads if head.id not in gone and (flag := _flag_in(head)) is not None]
    return Tasks(tuple(head for head, _ in read), tuple(flag for _, flag in read), twins)


def _flag_in(head: Head) -> bytes | None:
    """The Flag within a Task, as if it were stored by itself: what has become of the Task is told by its status.

    Where that is not the one that we gave it with its Flag, somebody else has ended the Task.
    """
    task = _decode(head.raw)
    inside = [one for one in task.get("contained") or () if isinstance(one, dict) and one.get("resourceType") == "Flag"]
    if not inside:
        return None
    meta = {name: value for name, value in (task.get("meta") or {}).items() if name in ("lastUpdated", "security")}
    flag = {name: value for name, value in inside[0].items() if name != "id"}
    status = "inactive" if head.status in _CLOSED else _ERROR if head.status == _ERROR else "active"
    text = {"text": task["text"]} if task.get("text") else {}
    if _WITH_FLAG.get(str(flag.get("status"))) != head.status:
        flag = _without_our_end(flag)
    return _encode({**flag, **text, "status": status, "meta": meta})


def _without_our_end(flag: Json) -> Json:
    """A Flag as if we had never ended it; the Task tells when somebody else did."""
    extensions, period = flag.get("extension"), flag.get("period")
    if isinstance(extensions, list):
        flag = {**flag, "extension": [one for one in extensions if not _is_mark(one)]}
    if isinstance(period, dict):
        flag = {**flag, "period": {name: value for name, value in period.items() if name != "end"}}
    return flag


def _is_mark(extension: Any) -> bool:
    return isinstance(extension, dict) and extension.get("url") == CLOSED_BY_RULE


def bound_by_tasks(reading: Reading, tasks: Tasks, first: int) -> Reading:
    """The reading with the Flags within Tasks, from the entry `first` on: a Task that was ended stays ended.

    One that somebody is dealing with stays as it is. What is found anew stands in a Task beside either.
    """
    flags = (
        flag._replace(stays_closed=True, in_hand=_is_in_hand(tasks.heads[flag.entry - first]))
        if flag.entry >= first
        else flag
        for flag in reading.chart.flags
    )
    return reading.of(reading.chart._replace(flags=tuple(flags)))


def _is_in_hand(head: Head) -> bool:
    return head.status not in _OURS | _CLOSED | {_ERROR}


class TaskCarrier:
    """A finding as a Task that proposes to look at it."""

    resource_type = "Task"

    def __init__(self, tasks: Tasks, first: int, frame: Frame) -> None:
        """`first` is the number of the entry that holds the Flag of the first Task."""
        self._tasks = tasks
        self._first = first
        self._frame = frame

    def new(self, finding: FlagFinding) -> Json:
        """A new Task."""
        flag = write_flag(finding, self._frame)
        task: Json = {"resourceType": "Task"}
        if "meta" in flag:
            task["meta"] = flag["meta"]
        task |= {"text": flag["text"], "contained": [_inside(flag)], "identifier": flag["identifier"]}
        task |= {"status": "requested", "intent": "proposal", "priority": _PRIORITY[finding.priority]}
        task |= {"code": {"coding": [spell_rule(finding.rule).coding]}, "description": clean(finding.sentence)}
        task |= {"focus": {"reference": f"#{_INSIDE}"}, "for": self._frame.subject}
        return task | {"authoredOn": self._frame.as_of, "requester": DEVICE}

    def change(self, finding: FlagFinding, prior: PriorFlag) -> Change | Stored:
        """The received Task with what has changed of its Flag."""
        at = prior.entry - self._first
        if at < 0:
            return Stored(Became.LEFT, reason=_NO_TASK)
        head = self._tasks.heads[at]
        if finding.state is FlagState.UNCHANGED:
            return Stored(Became.UNCHANGED, head.id, head.version)
        flag = revise_flag(finding, self._frame, self._tasks.flags[at])
        if not flag.changed:
            return Stored(Became.UNCHANGED, head.id, head.version)
        if head.status not in _OURS:
            reason = _TAKEN_FURTHER
            if finding.state is FlagState.ACTIVE and finding.priority != prior.priority:
                reason = _OTHER_PRIORITY.format(priority=_PRIORITY[finding.priority])
            return Stored(Became.LEFT, head.id, head.version, reason)
        task = ReceivedResource(head.raw)
        task.replace("status", _STATUS[finding.state])
        if finding.state is FlagState.ACTIVE:
            task.replace("priority", _priority(finding, prior, task.value("priority")))
        task.replace("description", clean(finding.sentence))
        task.replace("text", flag.value("text"))
        task.replace("contained", [_inside(flag.members)])
        task.add_labels((flag.value("meta") or {}).get("security") or ())
        return Change(head, task.members)


def _priority(finding: FlagFinding, prior: PriorFlag, held: Any) -> str:
    """The priority of the finding where it has changed; one that somebody else has set is raised and never lowered."""
    told = {priority.value: name for priority, name in _PRIORITY.items()}.get(prior.priority)
    wanted = _PRIORITY[finding.priority]
    if held not in _URGENCIES:
        return wanted
    if wanted == told or (held != told and _URGENCIES.index(wanted) < _URGENCIES.index(held)):
        return str(held)
    return wanted


def _inside(flag: Mapping[str, Any]) -> Json:
    """A Flag as another resource may contain it: its labels and its narrative are those of the whole."""
    rest = {name: value for name, value in flag.items() if name not in ("resourceType", "meta", "text")}
    return {"resourceType": "Flag", "id": _INSIDE, **rest}
