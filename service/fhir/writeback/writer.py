"""Writing findings one by one: each stored, looked for afterwards where others may write too, vouched for, told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.findings import FlagState
from service.fhir.addresses import FLAG_SID
from service.fhir.client.faults import Fault
from service.fhir.writeback.carriers import Change
from service.fhir.writeback.provenance import Grounds, write_provenance
from service.fhir.writeback.results import STANDING, STORED, Became, Result, Stored
from service.fhir.writeback.twins import OURS, nobody_knows, sort_twins, withdrawn
from service.fhir.writing.elements import full_url, spell_labels

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from service.domain.findings import FlagFinding
    from service.fhir.writeback.carriers import Carrier
    from service.fhir.writeback.results import Report
    from service.fhir.writeback.storage import Storage
    from service.fhir.writeback.twins import Twin, Twins
    from service.fhir.writing.elements import Json
    from service.fhir.writing.frame import Frame

# The types that an answer holds as they are stored.
_ANSWERED: Final = frozenset({"Flag", "CarePlan"})
_MARKED: Final = "it is marked as entered in error"
_DELETED: Final = "it was deleted on the server meanwhile"
_DELETED_EACH_TIME: Final = "it was deleted on the server each time that it was stored, and is still found"
_BOTH: Final = "the two differ, and nothing says that nobody has changed it, so that both stand; keep one"


class Writer:
    """Stores what one assessment found."""

    def __init__(self, storage: Storage, frame: Frame, report: Report, now: datetime) -> None:
        """`now` is when it is done; the instant of decision may be another."""
        self.frame = frame
        self.report = report
        self._storage = storage
        self._now = now

    async def withdraw(self, twins: Twins) -> None:
        """Marks what is one too many, and tells what is and stands all the same."""
        for twin in twins.gone:
            head = twin.head
            stored = await self._storage.update(head.id, head.version, withdrawn(head), head.raw)
            marked = stored.became is Became.CHANGED
            self._tell_twin(twin, _MARKED if marked else f"and yet it stands, for {stored.reason}")
        for twin in twins.standing:
            self._tell_twin(twin, _BOTH)

    def _tell_twin(self, twin: Twin, reason: str) -> None:
        name, kept = (f"{head.resource_type}/{head.id}" for head in (twin.head, twin.kept))
        self.report.tell(name, Result(Became.DUPLICATE, name, kept, reason))

    async def write(self, carrier: Carrier, findings: Iterable[FlagFinding]) -> dict[str, Stored]:
        """What became of each finding, by its identifier; of several with one identifier the first stands for all."""
        first = {finding.identifier: finding for finding in reversed(list(findings))}
        stored = {name: await self._store(carrier, first[name]) for name in reversed(first)}
        stored = await self.settle(carrier.resource_type, stored)
        for name, one in stored.items():
            finding = first[name]
            evidence = tuple(map(self.frame.reference, finding.evidence))
            labels = tuple(spell_labels(finding.evidence, self.frame.labels))
            grounds = Grounds((finding.rule,), evidence, labels)
            await self.tell(carrier.resource_type, name, finding.rule.name, one, grounds)
        return stored

    async def _store(self, carrier: Carrier, finding: FlagFinding) -> Stored:
        stored = await self._sent(carrier, finding)
        if not (stored.deleted and finding.rule.safety and finding.state is FlagState.ACTIVE):
            return stored
        # What a deleted resource said cannot be read, so that nobody knows whether this is new: it is found once more,
        # and then stands beside.
        if await self._storage.is_free_beside(carrier.resource_type, finding.identifier):
            return Stored(Became.CONFLICT, reason=_DELETED)
        return Stored(Became.REFUSED, reason=_DELETED_EACH_TIME)

    async def _sent(self, carrier: Carrier, finding: FlagFinding) -> Stored:
        if finding.prior is None:
            return await self._storage.create(carrier.new(finding), FLAG_SID, finding.identifier)
        change = carrier.change(finding, finding.prior)
        return await self.change(change) if isinstance(change, Change) else change

    async def create(self, resource: Json, identifier: str) -> Stored:
        """Stores a new resource, and looks for others of its identifier."""
        kind = str(resource["resourceType"])
        stored = await self._storage.create(resource, OURS[kind][0], identifier)
        return (await self.settle(kind, {identifier: stored}))[identifier]

    async def change(self, change: Change) -> Stored:
        """Changes a stored resource."""
        head = change.head
        stored = await self._storage.update(head.id, head.version, change.resource, head.raw)
        return stored if stored.id else stored._replace(id=head.id)

    async def settle(self, kind: str, stored: dict[str, Stored]) -> dict[str, Stored]:
        """Looks for what others stored at the same time, where ids do not keep two from being there."""
        new = {name for name, one in stored.items() if one.became is Became.CREATED}
        if not new or self._storage.chooses_ids(kind):
            return stored
        system, status = OURS[kind]
        try:
            heads = [head for head in await self._storage.found(kind) if head.named(system) in new]
        except Fault as fault:
            self.report.tell(f"{kind}|unchecked", Result(Became.UNCHECKED, kind, "all new ones", fault.reason))
            return stored
        twins = await sort_twins(heads, nobody_knows)
        await self.withdraw(twins)
        gone = {twin.head.id for twin in twins.gone}
        open_ones = [head for head in sorted(heads, key=lambda head: head.age) if head.status == status]
        settled = {}
        for name, one in stored.items():
            there = [head for head in open_ones if head.named(system) == name and head.id not in gone]
            if name not in new or not there or one.id in {head.id for head in there}:
                settled[name] = one
            else:
                became = Became.UNCHANGED if one.id else Became.CREATED
                settled[name] = Stored(became, there[0].id, there[0].version)
        return settled

    async def tell(self, kind: str, identifier: str, about: str, stored: Stored, grounds: Grounds) -> None:
        """Takes down what became of a resource, and adds its Provenance where there is something to vouch for."""
        name = f"{kind}/{stored.id}" if stored.id else kind
        key = f"{kind}|{identifier}"
        self.report.tell(key, Result(stored.became, name, about, stored.reason))
        if stored.became in STANDING and kind in _ANSWERED:
            self.report.ids[full_url(OURS[kind][0], identifier)] = stored.id
        if stored.became in STORED and stored.id and self._storage.takes("Provenance"):
            provenance = write_provenance(stored.became, name, stored.version, grounds, self._now)
            added = await self._storage.add(provenance)
            if added.became not in STORED:
                self.report.tell(f"{key}|provenance", Result(Became.NO_PROVENANCE, name, about, added.reason))
