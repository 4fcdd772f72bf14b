"""Storing resources of one patient on one server: repeated, unanswered or beside others, each is there once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from service.domain.identity import MOST_DELETED, next_identifier
from service.fhir.client.faults import Fault
from service.fhir.client.pages import run
from service.fhir.client.searches import Search
from service.fhir.writeback.heads import head_in, head_of, place_of, resource_in
from service.fhir.writeback.provenance import vouches
from service.fhir.writeback.results import Became, Stored
from service.fhir.writeback.target import checks_existence, chooses_ids

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from service.fhir.client.capability import Capability
    from service.fhir.client.connection import Connection
    from service.fhir.writeback.heads import Head
    from service.fhir.writing.elements import Json

_OK, _CREATED = 200, 201
_NOT_FOUND, _DELETED = 404, 410
_OVERTAKEN: Final = frozenset({409, 412})
_FAILING, _BUSY = 500, 503
_WHOLE: Final = {"Prefer": "return=representation"}
_THERE: Final = "one with its identifier is on the server, and was not among what was fetched"
_MOVED: Final = "it was changed on the server meanwhile"
_GONE: Final = "it was deleted on the server, and is not brought back"
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(dict[str, object]).decode


class Storage:
    """One server, as far as it concerns one patient."""

    def __init__(self, connection: Connection, capability: Capability, patient: str) -> None:
        """`patient` is the logical id."""
        self._connection = connection
        self._capability = capability
        self._patient = patient
        # The identifiers of findings that were deleted, and are to be stored beside.
        self.deleted: set[str] = set()

    def chooses_ids(self, resource_type: str) -> bool:
        """Whether new resources of a type get an id that is made from their identifier."""
        return chooses_ids(self._connection.server, self._capability, resource_type)

    def takes(self, resource_type: str) -> bool:
        """Whether the server says that it stores resources of a type."""
        return self._capability.creates(resource_type)

    async def found(self, resource_type: str) -> list[Head]:
        """Every resource of a type that the patient has; raises `Fault` where some may be missing."""
        parameters = (("patient", f"Patient/{self._patient}"), ("_count", str(self._connection.server.page_size)))
        found = await run(self._connection, Search(resource_type, parameters))
        if found.gap:
            raise Fault(found.gap)
        heads = map(head_in, found.entries)
        return [head for head in heads if head is not None and head.resource_type == resource_type]

    async def is_as_created(self, head: Head) -> bool:
        """Whether a resource is as we first stored it, which its Provenance tells; False where nothing does."""
        if not head.version or not self.takes("Provenance"):
            return False
        reference = f"{head.resource_type}/{head.id}"
        parameters = (("target", reference), ("_count", str(self._connection.server.page_size)))
        found = await run(self._connection, Search("Provenance", parameters))
        version = f"{reference}/_history/{head.version}"
        return any(vouches(resource_in(entry), version) for entry in found.entries)

    async def add(self, resource: Json) -> Stored:
        """Stores a resource that has no identity of its own, without a second try."""
        try:
            return await self._send("POST", str(resource["resourceType"]), resource, {})
        except Fault as fault:
            return refused(fault)

    async def create(self, resource: Json, system: str, identifier: str) -> Stored:
        """Stores a new resource that carries an identifier of ours."""
        kind = str(resource["resourceType"])
        if self.chooses_ids(kind):
            return await self._put({"resourceType": kind, "id": chosen_id(identifier), **resource})
        return await self._post(resource, system, identifier)

    async def _put(self, resource: Json) -> Stored:
        """Under an id that any other writer would choose as well."""
        address = f"{resource['resourceType']}/{resource['id']}"

        async def look(unsure: bool) -> Stored | None:
            # Where it was not when the data were fetched, somebody stored it since, or a request of ours that was lost.
            there = await self._read(address)
            return None if there is None else _there(there, unsure)

        return await _surely(look, lambda: self._send("PUT", address, resource, {"If-None-Match": "*"}))

    async def _post(self, resource: Json, system: str, identifier: str) -> Stored:
        """Under an id of the server's choice, after it, or a search, has said that there is none."""
        kind = str(resource["resourceType"])
        conditional = checks_existence(self._connection.server, self._capability, kind)
        condition = {"If-None-Exist": f"identifier={system}|{identifier}"} if conditional else {}

        async def look(unsure: bool) -> Stored | None:
            if conditional and not unsure:
                return None
            found = [head for head in await self.found(kind) if (system, identifier) in head.identifiers]
            return _there(min(found, key=lambda head: head.age), unsure) if found else None

        async def send() -> Stored:
            stored = await self._send("POST", kind, resource, condition)
            return stored._replace(became=Became.CONFLICT) if stored.became is Became.CHANGED else stored

        return await _surely(look, send)

    async def is_free_beside(self, resource_type: str, identifier: str) -> bool:
        """Whether what was deleted may be stored beside: one of the next identifiers is not of a deleted resource."""
        for _ in range(MOST_DELETED):
            self.deleted.add(identifier)
            identifier = next_identifier(identifier)
            if not (self.chooses_ids(resource_type) and await self._is_deleted(resource_type, identifier)):
                return True
        return False

    async def _is_deleted(self, resource_type: str, identifier: str) -> bool:
        try:
            await self._read(f"{resource_type}/{chosen_id(identifier)}")
        except Fault as fault:
            return fault.status == _DELETED
        return False

    async def update(self, logical_id: str, version: str, resource: Json, received: bytes) -> Stored:
        """Changes a stored resource, unless it is no longer what was `received`."""
        kind = str(_decode(received)["resourceType"])
        address = f"{kind}/{logical_id}"
        condition = {"If-Match": f'W/"{version}"'} if version else {}
        is_checked = bool(version) and self._capability.of(kind).checks_versions

        async def look(unsure: bool) -> Stored | None:
            if is_checked and not unsure:
                return None
            there = await self._read(address)
            if there is not None and unsure and _holds(there.raw, resource):
                return Stored(Became.CHANGED, logical_id, there.version)
            if there is None or not _is_same(there, version, received):
                return Stored(Became.CONFLICT, logical_id, reason=_MOVED)
            return None

        return await _surely(look, lambda: self._send("PUT", address, resource, condition))

    async def _read(self, address: str) -> Head | None:
        """What is stored under an address, None when nothing ever was."""
        try:
            head = head_of(await self._connection.get(address))
        except Fault as fault:
            if fault.status == _NOT_FOUND:
                return None
            raise
        if head is None:
            raise Fault("it answered with something that is no resource")
        return head

    async def _send(
        self, method: Literal["POST", "PUT"], address: str, resource: Json, headers: Mapping[str, str]
    ) -> Stored:
        reply = await self._connection.write(method, address, _encode(resource), {**_WHOLE, **headers})
        logical_id, version = place_of(reply, address.partition("/")[0])
        if reply.status == _OK:
            return Stored(Became.CHANGED, logical_id, version, _THERE)
        return Stored(Became.CREATED, logical_id, version)


async def _surely(look: Callable[[bool], Awaitable[Stored | None]], send: Callable[[], Awaitable[Stored]]) -> Stored:
    """Looks whether anything speaks against it, and sends; once more where nobody knows whether that arrived."""
    first = await _once(look, send, None)
    return await _once(look, send, first) if first.became is Became.UNANSWERED else first


async def _once(
    look: Callable[[bool], Awaitable[Stored | None]], send: Callable[[], Awaitable[Stored]], unsure: Stored | None
) -> Stored:
    try:
        seen = await look(unsure is not None)
    except Fault as fault:
        return unsure or refused(fault)
    if seen is not None:
        return seen
    try:
        return await send()
    except Fault as fault:
        if fault.status == 0 or (fault.status >= _FAILING and fault.status != _BUSY):
            return Stored(Became.UNANSWERED, reason=fault.reason)
        return refused(fault)


def _there(head: Head, unsure: bool) -> Stored:
    became = Became.CREATED if unsure else Became.CONFLICT
    return Stored(became, head.id, head.version, "" if unsure else _THERE)


def chosen_id(identifier: str) -> str:
    """The id of a resource whose server lets us choose it: the same for the same identifier, and not a number."""
    return f"moodmarker-{identifier}"


def refused(fault: Fault) -> Stored:
    """What a fault of the server means for a resource that was not stored."""
    if fault.status in _OVERTAKEN:
        return Stored(Became.CONFLICT, reason=_MOVED)
    if fault.status == _DELETED:
        return Stored(Became.LEFT, reason=_GONE, deleted=True)
    return Stored(Became.REFUSED, reason=fault.reason)


def _is_same(there: Head, version: str, received: bytes) -> bool:
    """Whether nobody has changed what was received."""
    return there.version == version if version and there.version else _decode(there.raw) == _decode(received)


def _holds(stored: bytes, sent: Json) -> bool:
    """Whether what was sent is what is stored; the server adds to meta."""
    there, ours = _decode(stored), _decode(_encode(sent))
    return {k: v for k, v in there.items() if k != "meta"} == {k: v for k, v in ours.items() if k != "meta"}
