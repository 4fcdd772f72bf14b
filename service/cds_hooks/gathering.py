"""From a hook request to the patient's data: every key asked for once, and what is missing named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.cds_hooks.completing import NOT_LISTED, NOT_NAMED, complete, connect, given_up
from service.cds_hooks.prefetch import Part, State, part
from service.cds_hooks.templates import PATIENT_KEY, Template
from service.errors import RequiredDataMissing
from service.fhir.client.fetching import Fetched, bundle_of, read_medications
from service.fhir.client.medications import NO_MEDICINES, Medicines, medications_of
from service.fhir.client.pages import Found as Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import httpx

    from service.cds_hooks.request import HookRequest

# No template can ask for them; what they are told by is read for them.
_MEDICATIONS: Final = Template("medications", "Medication", (), is_safety=False)
_UNREAD: Final = "an entry of it could not be read"


class Gathered(NamedTuple):
    """The data as one Bundle, and the parts that it was put together from, in order."""

    fetched: Fetched
    parts: tuple[Part, ...]

    @property
    def missing(self) -> tuple[Part, ...]:
        """The keys of which some may be missing."""
        return tuple(one for one in self.parts if not one.is_complete)

    def with_unread(self, entries: Iterable[int]) -> Gathered:
        """The same, where these entries of the Bundle turned out to be of no shape that can be read."""
        keys = self._keys
        unread = {keys[entry] for entry in entries}
        parts = (one._replace(gap=one.gap or _UNREAD) if one.template.key in unread else one for one in self.parts)
        return self._replace(parts=tuple(parts))

    def lacks(self, resource_type: str) -> bool:
        """Whether some of a type may be missing."""
        return resource_type in self.fetched.gaps

    def key_of(self, entry: int) -> str:
        """The prefetch key under which an entry of the Bundle came."""
        return self._keys[entry]

    @property
    def _keys(self) -> list[str]:
        """The key of each entry of the Bundle."""
        return [one.template.key for one in self.parts for _ in one.entries]


class Source(NamedTuple):
    """Where absent data may be fetched, and for how long; `is_listed`: the client may name the server it names."""

    sockets: Callable[[], httpx.AsyncClient]
    seconds: float
    most_bytes: int
    is_listed: bool


async def gather(request: HookRequest, sent: Sequence[Part], source: Source) -> Gathered:
    """Everything that was sent or could be fetched; raises RequiredDataMissing where that says too little."""
    if not request.server:
        return gather_sent(request, sent, NOT_NAMED)
    if not source.is_listed:
        return gather_sent(request, sent, NOT_LISTED)
    connection = connect(request, source.sockets(), seconds=source.seconds, most_bytes=source.most_bytes)
    parts = await complete(sent, request.patient, connection)
    _require(parts)
    medicines = _medicines_named(parts, request.server)
    found = await read_medications(connection, medicines) if medicines != NO_MEDICINES else Pages(())
    return _gathered(parts, found, connection.requests)


def gather_sent(request: HookRequest, sent: Sequence[Part], why_not: str) -> Gathered:
    """Everything that was sent, where nothing can be fetched: `why_not` says why. Raises RequiredDataMissing."""
    parts = [given_up(one, why_not) for one in sent]
    _require(parts)
    named = _medicines_named(parts, request.server) != NO_MEDICINES
    gap = f"the medicines are told by reference, and {why_not}" if named else ""
    return _gathered(parts, Pages((), gap), 0)


def parts_of(request: HookRequest, templates: Iterable[Template]) -> list[Part]:
    """What was sent under each key."""
    return [part(template, request.prefetch.get(template.key)) for template in templates]


def _require(parts: Sequence[Part]) -> None:
    """The Patient, and something of what warns of danger."""
    person = next(one for one in parts if one.template.key == PATIENT_KEY)
    if person.state is not State.HAD:
        why = person.gap or "the client says that there is none"
        raise RequiredDataMissing(
            f"The Patient could not be had: {why}. Send it in the prefetch, or a fhirServer with a token.", "prefetch"
        )
    others = [one for one in parts if one.template.is_safety and one is not person]
    if all(one.state is State.FAILED for one in others):
        raise RequiredDataMissing(f"Nothing of what warns of danger could be had. {_told(others)}.", "prefetch")


def _told(parts: Sequence[Part]) -> str:
    """Each reason once, with the keys that it holds for."""
    by_reason: dict[str, list[str]] = {}
    for one in parts:
        by_reason.setdefault(one.gap, []).append(one.template.key)
    return "; ".join(f"{', '.join(keys)}: {why}" for why, keys in by_reason.items())


def _gathered(parts: Sequence[Part], medicines: Pages, requests: int) -> Gathered:
    state = State.FAILED if medicines.gap else State.HAD
    parts = [*parts, Part(_MEDICATIONS, state, medicines.entries, medicines.gap)]
    gaps: dict[str, str] = {}
    for one in parts:
        if not one.is_complete:
            gaps.setdefault(one.template.resource_type, one.gap)
    entries = [bytes(raw) for one in parts for raw in one.entries]
    return Gathered(Fetched(bundle_of(entries), gaps, requests), tuple(parts))


def _medicines_named(parts: Sequence[Part], base: str) -> Medicines:
    """The Medications that records of medicines refer to, which no template can ask for."""
    searched = [one for one in parts if one.template.parameters]
    return medications_of({one.template.resource_type: [bytes(raw) for raw in one.entries] for one in searched}, base)
