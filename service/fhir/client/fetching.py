"""Everything that the rules read of one patient, fetched as one Bundle that says what is missing."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from service.fhir.client.connection import JSON
from service.fhir.client.decoding import UNREADABLE
from service.fhir.client.faults import Fault
from service.fhir.client.medications import NO_MEDICINES, Medicines, medications_of
from service.fhir.client.pages import Found, rest_of, run
from service.fhir.client.searches import Search, search

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.fhir.client.capability import Capability
    from service.fhir.client.connection import Connection
    from service.fhir.client.searches import Reach
    from service.security.scopes import Access

# One or two points are steps of an address, and no id that anybody gives.
ID: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9\-.]{1,64}")
_MOST_IDS: Final = 50
_SEARCHED: Final = "rs"
_ELSEWHERE: Final = "a record refers to a Medication that is not on its server"
_NOT_GRANTED: Final = "the server did not grant access to it"
_GRANTED_IN_PART: Final = "the server granted access to a part of it only"


class Fetched(NamedTuple):
    """A Bundle of one patient's data; `gaps` says of each resource type that may be incomplete why.

    `failed` are those of them that another fetch may give.
    """

    bundle: bytes
    gaps: Mapping[str, str]
    requests: int
    failed: frozenset[str] = frozenset()

    def with_more(self, resources: Iterable[bytes]) -> Fetched:
        """The same with more resources at the end."""
        more = b"".join(b',{"resource":' + one + b"}" for one in resources)
        return self._replace(bundle=self.bundle.removesuffix(b"]}") + more + b"]}")


class _Response(Struct, gc=False):
    status: str = ""


class _Entry(Struct, gc=False):
    resource: Raw = Raw()
    response: _Response = msgspec.field(default_factory=_Response)


class _Answers(Struct, gc=False):
    entry: list[_Entry] = []


_ANSWERS: Final = msgspec.json.Decoder(_Answers)


async def fetch(
    connection: Connection, capability: Capability, patient: str, reaches: Iterable[Reach], today: int
) -> Fetched:
    """The patient, and of each type what is within reach; raises `Fault` when not even the patient can be read."""
    server = connection.server
    await connection.authorize()
    access = connection.access
    if not access.permits("Patient", "r"):
        raise Fault(_NOT_GRANTED)
    gaps = {}
    searches = []
    for reach in reaches:
        kind = reach.resource_type
        if kind in server.not_searched or not (kind in server.searched or capability.searches(kind)):
            gaps[kind] = "the server cannot be searched for it by patient"
        elif not access.permits(kind, _SEARCHED):
            gaps[kind] = _NOT_GRANTED
        else:
            searches.append(
                search(reach, patient, today, count=server.page_size, by_code=_by_code(connection, capability, kind))
            )
    batch = capability.batch if server.batch is None else server.batch
    person, found = await (_in_a_batch if batch else _one_by_one)(connection, patient, searches)
    records = {kind: [bytes(one) for one in told.entries] for kind, told in found.items()}
    medicines = medications_of(records, server.url)
    if medicines != NO_MEDICINES:
        found["Medication"] = await read_medications(connection, medicines)
    failed = {kind: told.gap for kind, told in found.items() if told.gap}
    gaps |= failed
    gaps |= _narrowed(found, gaps, connection.access)
    entries = [b'{"resource":' + bytes(person) + b"}", *(bytes(one) for told in found.values() for one in told.entries)]
    return Fetched(bundle_of(entries), gaps, connection.requests, frozenset(failed))


def bundle_of(entries: Iterable[bytes]) -> bytes:
    """A collection of entries, each of them JSON."""
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + b",".join(entries) + b"]}"


def _by_code(connection: Connection, capability: Capability, kind: str) -> bool:
    known = connection.server.search_by_code
    return "code" in capability.of(kind).search_parameters if known is None else known


async def _one_by_one(connection: Connection, patient: str, searches: list[Search]) -> tuple[bytes, dict[str, Found]]:
    """The patient and every search, side by side."""
    person = asyncio.ensure_future(connection.get(f"Patient/{patient}"))
    found = await asyncio.gather(*(run(connection, one) for one in searches))
    return await person, {one.resource_type: told for one, told in zip(searches, found, strict=True)}


async def _in_a_batch(connection: Connection, patient: str, searches: list[Search]) -> tuple[bytes, dict[str, Found]]:
    """All first pages in one request; what the batch did not give is asked for by itself."""
    addresses = [f"Patient/{patient}", *(f"{one.resource_type}?{one.query}" for one in searches)]
    asked = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": address}} for address in addresses],
    }
    try:
        answers = _ANSWERS.decode(await connection.post("", msgspec.json.encode(asked), JSON)).entry
    except (Fault, *UNREADABLE):
        return await _one_by_one(connection, patient, searches)
    if len(answers) != len(addresses):
        return await _one_by_one(connection, patient, searches)
    person = await _person(connection, patient, answers[0])
    found = await asyncio.gather(*(_of(connection, one, got) for one, got in zip(searches, answers[1:], strict=True)))
    return person, {one.resource_type: told for one, told in zip(searches, found, strict=True)}


async def _person(connection: Connection, patient: str, answer: _Entry) -> bytes:
    return bytes(answer.resource) if _is_good(answer) else await connection.get(f"Patient/{patient}")


async def _of(connection: Connection, one: Search, answer: _Entry) -> Found:
    return await rest_of(connection, answer.resource) if _is_good(answer) else await run(connection, one)


def _is_good(answer: _Entry) -> bool:
    return answer.response.status.startswith("200") and bool(bytes(answer.resource))


def _narrowed(found: Iterable[str], gaps: Mapping[str, str], access: Access) -> dict[str, str]:
    """The types of which the server may show a part only; a token may have been replaced by one that allows less."""
    return {kind: _GRANTED_IN_PART for kind in found if kind not in gaps and not access.permits_all(kind, _SEARCHED)}


async def read_medications(connection: Connection, medicines: Medicines) -> Found:
    """The Medications that records refer to; with a gap for those that are in another place."""
    if not connection.access.permits("Medication", _SEARCHED):
        return Found((), _NOT_GRANTED)
    names = medicines.names
    parts = [names[at : at + _MOST_IDS] for at in range(0, len(names), _MOST_IDS)]
    searches = [Search("Medication", (("_id", ",".join(part)), ("_count", str(_MOST_IDS)))) for part in parts]
    told = await asyncio.gather(*(run(connection, one) for one in searches))
    gaps = [*(part.gap for part in told if part.gap), *([_ELSEWHERE] if medicines.elsewhere else ())]
    return Found(tuple(one for part in told for one in part.entries), next(iter(gaps), ""))
