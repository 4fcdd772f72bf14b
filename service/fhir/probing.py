"""What a FHIR server can and cannot do for this service, as facts that an edge may print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from service.fhir.client.capability import read_capability
from service.fhir.client.connection import FORM
from service.fhir.client.faults import Fault
from service.fhir.client.pages import first_page
from service.fhir.client.searches import Search, search
from service.fhir.client.smart_configuration import ADDRESS, read_smart_configuration
from service.fhir.subscriptions.topics import read_topics
from service.fhir.writeback.target import Target, checks_existence, chooses_ids, target_of
from service.security.origins import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from service.fhir.client.capability import Capability
    from service.fhir.client.connection import Connection
    from service.fhir.client.searches import Reach
    from service.security.scopes import Access
    from service.settings import FhirServer

WRITTEN: Final = ("Flag", "CarePlan", "Task", "Provenance")
_CARRIERS: Final = {Target.FLAG: ("Flag", "CarePlan"), Target.TASK: ("Task",), Target.NONE: ()}
_SEARCHED: Final = "rs"
_ABSENT: Final = frozenset({404, 410})
_LONGEST_TOLD: Final = 200


class Read(Struct, frozen=True, rename="camel"):
    """One resource type that rules read; `by_code` is None where all codes are read."""

    type: str
    by_patient: bool
    by_code: bool | None


class Write(Struct, frozen=True, rename="camel"):
    """What may be done with one resource type that the service writes."""

    type: str
    create: bool
    update: bool
    update_create: bool
    conditional_create: bool
    checks_versions: bool


class Subscribing(Struct, frozen=True, rename="camel"):
    """How the server tells of changes: by R4 criteria, or by the topics of the R5 backport."""

    create: bool
    topics: tuple[str, ...]
    operations: tuple[str, ...]


class Smart(Struct, frozen=True, rename="camel"):
    """SMART Backend Services; `fault` says why nothing is known. `same_origin`: of the token endpoint."""

    fault: str = ""
    backend_services: bool = False
    token_endpoint: str = ""
    same_origin: bool = False
    algorithms: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


class Stated(Struct, frozen=True, rename="camel"):
    """What the server says of itself. `write_as`: flag | task | none, what will be written, and why nothing.

    `one_writer`: the server would store what two writers bring at a time, so only one may write. `not_granted`: types
    that the token used does not let us read.
    """

    fhir_version: str
    software: str
    batch: bool
    everything: bool
    reads: tuple[Read, ...]
    writes: tuple[Write, ...]
    write_as: str
    not_written: str
    one_writer: bool
    subscriptions: Subscribing
    smart: Smart
    not_granted: tuple[str, ...]


class Paging(Struct, frozen=True, rename="camel"):
    """What searches of one patient showed: types whose pages are smaller than asked, and whether POST _search works."""

    smaller_pages: dict[str, int]
    post_search: bool | None


async def stated(connection: Connection, read: Sequence[Reach]) -> tuple[Stated, Capability]:
    """Reads the CapabilityStatement and the SMART configuration; raises `Fault` without the first."""
    document = await connection.get("metadata")
    capability = read_capability(document)
    server = connection.server
    target, reason = target_of(server, capability)
    told = Stated(
        fhir_version=printable(capability.fhir_version),
        software=printable(capability.software),
        batch=capability.batch,
        everything="everything" in capability.of("Patient").operations,
        reads=tuple(_read(reach, server, capability) for reach in read),
        writes=tuple(_write(kind, capability) for kind in WRITTEN),
        write_as=target.value,
        not_written=reason,
        one_writer=not _keeps_writers_apart(server, capability, target),
        subscriptions=Subscribing(
            bool(capability.of("Subscription").interactions & {"create", "update"}),
            tuple(sorted(map(printable, read_topics(document)))),
            tuple(sorted(map(printable, capability.of("Subscription").operations))),
        ),
        smart=await _smart(connection),
        not_granted=tuple(_not_granted(connection.access, read)),
    )
    return told, capability


def _keeps_writers_apart(server: FhirServer, capability: Capability, target: Target) -> bool:
    """Whether the server itself refuses what a second writer would store beside the first."""
    return all(
        chooses_ids(server, capability, kind) or checks_existence(server, capability, kind)
        for kind in _CARRIERS[target]
    )


def _read(reach: Reach, server: FhirServer, capability: Capability) -> Read:
    kind = reach.resource_type
    by_patient = kind not in server.not_searched and (kind in server.searched or capability.searches(kind))
    return Read(kind, by_patient, _by_code(reach, server, capability))


def _by_code(reach: Reach, server: FhirServer, capability: Capability) -> bool | None:
    if not reach.codes:
        return None
    known = server.search_by_code
    return "code" in capability.of(reach.resource_type).search_parameters if known is None else known


def _write(kind: str, capability: Capability) -> Write:
    known = capability.of(kind)
    return Write(
        kind,
        capability.creates(kind),
        "update" in known.interactions,
        known.update_create,
        known.conditional_create,
        known.checks_versions,
    )


def _not_granted(access: Access, read: Sequence[Reach]) -> Iterator[str]:
    if not access.permits("Patient", "r"):
        yield "Patient"
    yield from (reach.resource_type for reach in read if not access.permits(reach.resource_type, _SEARCHED))


async def _smart(connection: Connection) -> Smart:
    try:
        told = read_smart_configuration(await connection.get(ADDRESS))
    except Fault as fault:
        return Smart(fault="it has none" if fault.status in _ABSENT else fault.reason)
    origin = origin_of(told.token_endpoint)
    return Smart(
        backend_services=told.backend_services,
        token_endpoint=printable(told.token_endpoint),
        same_origin=origin is not None and origin == origin_of(connection.server.url),
        algorithms=tuple(sorted(map(printable, told.algorithms))),
        scopes=tuple(sorted(told.scopes)),
    )


async def paging(
    connection: Connection, capability: Capability, read: Iterable[Reach], patient: str, today: int
) -> Paging:
    """Asks for the first page of each type that can be searched; what fails is left out, for a fetch tells it."""
    server = connection.server
    smaller: dict[str, int] = {}
    searchable = [reach for reach in read if _read(reach, server, capability).by_patient]
    for reach in searchable:
        by_code = _by_code(reach, server, capability) or False
        try:
            page = await first_page(connection, search(reach, patient, today, count=server.page_size, by_code=by_code))
        except Fault:
            continue
        if page.more and page.entries < server.page_size:
            smaller[reach.resource_type] = page.entries
    return Paging(smaller, await _takes_post(connection, searchable[0], patient) if searchable else None)


async def _takes_post(connection: Connection, reach: Reach, patient: str) -> bool:
    asked = Search(reach.resource_type, (("patient", f"Patient/{patient}"), ("_count", "1")))
    try:
        await connection.post(f"{asked.resource_type}/_search", asked.query.encode(), FORM)
    except Fault:
        return False
    return True


def printable(text: str) -> str:
    """What a server says of itself, without what would command a terminal."""
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST_TOLD]
