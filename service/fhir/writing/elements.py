"""The small FHIR elements that several resources share: strings, references, labels, identities, times."""

from __future__ import annotations

import re
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from service.fhir.addresses import CLOSED_BY_RULE, DEVICE_SID, URI_SYSTEM
from service.terminology.systems import CANON

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from service.domain.facts import Source

Json: TypeAlias = dict[str, Any]
# System, code and display of a meta.security coding.
Label: TypeAlias = tuple[str, str, str]

NAMESPACE: Final = uuid5(NAMESPACE_URL, CANON)
_NAMESPACE_BYTES: Final = NAMESPACE.bytes
DEVICE: Final[Json] = {
    "type": "Device",
    "identifier": {"system": DEVICE_SID, "value": "moodmarker"},
    "display": "Moodmarker",
}
# What neither a FHIR string nor XML may hold, and what makes text be shown in another order than it is written in.
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def clean(text: str) -> str:
    """Text as a FHIR string may hold it: what came with the data and controls rather than says is replaced."""
    return text if text.isprintable() else _UNWRITABLE.sub("\ufffd", text)


def full_url(system: str, value: str) -> str:
    """The entry's address: the same for the same identifier, here and on any other day."""
    return f"urn:uuid:{_uuid5(f'{system}|{value}')}"


def identity(*parts: str) -> str:
    """An identifier of ours that no two different lists of parts share."""
    return _uuid5("\n".join(parts))


def _uuid5(name: str) -> str:
    """As uuid.uuid5(NAMESPACE, name), at a quarter of its price: every entry of every answer has one."""
    digest = sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def spell_instant(instant: datetime) -> str:
    """A FHIR dateTime; an offset with seconds, as before 1900, cannot be spelled and becomes UTC."""
    offset = instant.utcoffset()
    if offset is not None and offset.seconds % 60:
        instant = (instant - offset).replace(tzinfo=None)
        return f"{instant.isoformat()}Z"
    return instant.isoformat()


def spell_reference(source: Source, *, in_transaction: bool = False) -> Json:
    """The literal reference from the data; without one its identifier, its display, or where it stood.

    A transaction may hold no urn that none of its entries has: there a urn becomes the identifier it is.
    """
    if source.reference:
        if in_transaction and source.reference.startswith("urn:"):
            return _by_identifier(source.resource_type, URI_SYSTEM, source.reference)
        return {"reference": clean(source.reference)}
    if source.identifier is not None and source.identifier[1]:
        return _by_identifier(source.resource_type, *source.identifier)
    shown = clean(source.display).strip() or f"{source.resource_type} without id at {source.expression}"
    return {"type": source.resource_type, "display": shown}


def _by_identifier(resource_type: str, system: str, value: str) -> Json:
    return {"type": resource_type, "identifier": spell_identifier(system, value)}


def spell_identifier(system: str, value: str) -> Json:
    """An identifier from the data, whose system may be unknown."""
    return {"system": clean(system), "value": clean(value)} if system else {"value": clean(value)}


def spell_closing(reason: str) -> Json:
    """The mark on what this service ended itself, so that nobody takes it for a clinician's decision."""
    return {"url": CLOSED_BY_RULE, "extension": [{"url": "reason", "valueString": clean(reason)}]}


def spell_labels(evidence: Iterable[Source], more: tuple[Label, ...] = ()) -> list[Json]:
    """The union of the security labels of the evidence, and of `more`, each once, in order of appearance."""
    held = [*[source.labels for source in evidence if source.labels], more]
    labels = {label[:2]: label for several in held for label in several if label[1]}
    return [_label(*label) for label in labels.values()]


def _label(system: str, code: str, display: str) -> Json:
    parts = {"system": system, "code": code, "display": display}
    return {name: clean(value) for name, value in parts.items() if value}
