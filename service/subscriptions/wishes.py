"""What to ask a server for: one Subscription to a topic, or as few as there are resource types, and no others."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from service.errors import InvalidParameter, UpstreamFailed
from service.fhir.client.searches import OURS, Search
from service.fhir.subscriptions.subscription import Wanted
from service.fhir.subscriptions.topics import read_topics
from service.subscriptions.remote import SUBSCRIPTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.assessment.servers import Opened
    from service.fhir.client.searches import Reach

_BY_ID, _WHOLE = "id-only", "full-resource"
_CONTENTS: Final = ("empty", _BY_ID, _WHOLE)


class Choice(NamedTuple):
    """What the operator chose: by `topic` with `filters`, or by search of `types` (none: all that the rules read).

    `content`: empty | id-only | full-resource; None for the least that names the patient. `heartbeat` and `timeout` are
    seconds, `most` the events of one notification; like `filters` they are of topics alone.
    """

    topic: str = ""
    filters: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    content: str | None = None
    heartbeat: int = 60
    timeout: int = 10
    most: int = 20
    end: datetime | None = None


class _Kept(msgspec.Struct, frozen=True):
    """What is kept of a wish: all but where it sends and with what secret, which are made anew."""

    criteria: str
    content: str
    topic: bool = False
    filters: tuple[str, ...] = ()
    heartbeat: int | None = None
    timeout: int | None = None
    most: int | None = None
    end: datetime | None = None


def written(wish: Wanted) -> str:
    """A wish as text, to be kept with its subscription."""
    told = {name: value for name, value in wish._asdict().items() if name in _Kept.__struct_fields__}
    return msgspec.json.encode(_Kept(**told)).decode()


def read(text: str) -> Wanted | None:
    """A wish that was kept, still without endpoint and secret; None where none was."""
    return Wanted("", "", **msgspec.structs.asdict(msgspec.json.decode(text, type=_Kept))) if text else None


async def wishes_of(choice: Choice, opened: Opened, reaches: Sequence[Reach]) -> list[Wanted]:
    """The Subscriptions to ask for, still without endpoint and secret; raises `Problem` where they cannot be had."""
    if not opened.capability.of(SUBSCRIPTION).interactions & {"create", "update"}:
        raise UpstreamFailed(f"The FHIR server {opened.name} does not offer Subscriptions in its CapabilityStatement.")
    if choice.content is not None and choice.content not in _CONTENTS:
        raise InvalidParameter(f"The content is one of: {', '.join(_CONTENTS)}.")
    if choice.topic:
        await _require_topic(opened, choice.topic)
        return [_by_topic(choice)]
    if choice.content == _BY_ID:
        raise InvalidParameter("Without a topic a server sends the whole resource, or with empty nothing.")
    if choice.filters:
        raise InvalidParameter("Filters narrow a topic; name it with --topic.")
    content = choice.content or _WHOLE
    return [Wanted("", "", one, content, end=choice.end) for one in _criteria(opened, choice.types, reaches)]


def _by_topic(choice: Choice) -> Wanted:
    return Wanted(
        "",
        "",
        choice.topic,
        choice.content or _BY_ID,
        topic=True,
        filters=choice.filters,
        heartbeat=choice.heartbeat,
        timeout=choice.timeout,
        most=choice.most,
        end=choice.end,
    )


async def _require_topic(opened: Opened, topic: str) -> None:
    """Refuses a topic that the server does not name among its own; one that names none may have it all the same."""
    topics = read_topics(await opened.connection.get("metadata"))
    if topics and topic.partition("|")[0] not in topics:
        raise InvalidParameter(f"The FHIR server {opened.name} has no such topic. It has: {', '.join(sorted(topics))}.")


def _criteria(opened: Opened, types: Sequence[str], reaches: Sequence[Reach]) -> list[str]:
    """A search for each resource type that the rules read and the server has; Observations by their codes."""
    read = {reach.resource_type: reach for reach in reaches if reach.resource_type not in OURS}
    if unknown := [kind for kind in types if kind not in read]:
        raise InvalidParameter(f"No rule reads {', '.join(unknown)}. Read: {', '.join(sorted(read))}.")
    chosen = types or [kind for kind in sorted(read) if _is_there(opened, kind)]
    if not chosen:
        raise InvalidParameter(f"The FHIR server {opened.name} has no resource type that the rules read.")
    return [_search(opened, read[kind]) for kind in chosen]


def is_searched(opened: Opened, kind: str) -> bool:
    """Whether a server can be asked what of a type has changed."""
    server = opened.connection.server
    offered = "search-type" in opened.capability.of(kind).interactions
    return kind not in server.not_searched and (kind in server.searched or offered)


def _is_there(opened: Opened, kind: str) -> bool:
    server = opened.connection.server
    return kind not in server.not_searched and (kind in server.searched or opened.capability.searches(kind))


def _search(opened: Opened, reach: Reach) -> str:
    kind, known = reach.resource_type, opened.connection.server.search_by_code
    by_code = "code" in opened.capability.of(kind).search_parameters if known is None else known
    query = Search(kind, (("code", ",".join(reach.codes)),)).query if reach.codes and by_code else ""
    return f"{kind}?{query}"
