"""A resource of ours as the caller sent it back: what is not ours to change stays byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from service.fhir.addresses import CLOSED_BY_RULE
from service.fhir.writing.elements import Json, spell_closing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_items: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_value: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class ReceivedResource:
    """A received resource with some of its elements replaced.

    `changed` is True once an element was given another value than it came with.
    """

    __slots__ = ("_members", "changed")

    def __init__(self, received: bytes | msgspec.Raw) -> None:
        """`received` is the JSON of one resource."""
        self._members: dict[str, Any] = _members(msgspec.json.format(bytes(received), indent=-1))
        self.changed = False

    @property
    def members(self) -> Json:
        """The resource as it is to be written."""
        return self._members

    @property
    def id(self) -> str:
        """The logical id, empty when it came without one."""
        return str(self.value("id") or "")

    @property
    def version(self) -> str:
        """meta.versionId, empty when it came without one."""
        return str((self.value("meta") or {}).get("versionId") or "")

    def value(self, name: str) -> Any:
        """An element as plain values, None when it is absent."""
        raw = self._raw(name)
        return None if raw is None else _value(raw)

    def parts(self, name: str) -> dict[str, Any]:
        """The members of an element, each as it came."""
        raw = self._raw(name)
        return {} if raw is None else _members(raw)

    def replace(self, name: str, value: Any) -> None:
        """Gives an element another value, or takes it away with None; the same value leaves it as it came."""
        if value == self.value(name):
            return
        self.changed = True
        if value is None:
            del self._members[name]
        else:
            self._members[name] = value

    def replace_part(self, name: str, part: str, value: Any) -> None:
        """Gives one member of an element another value and keeps the others."""
        parts = self.parts(name)
        if part in parts and _value(parts[part]) == value:
            return
        self.changed = True
        parts[part] = value
        self._members[name] = parts

    def replace_extensions(self, is_ours: Callable[[str], bool], ours: Iterable[Json]) -> None:
        """Replaces the extensions whose url is ours; others keep their order and come first."""
        raw = self._raw("extension")
        received = [] if raw is None else _items(raw)
        marked = [(is_ours(_value(one).get("url", "")), one) for one in received]
        new = list(ours)
        if sorted(_encode(_value(one)) for mine, one in marked if mine) == sorted(map(_encode, new)):
            return
        self.changed = True
        self._members["extension"] = [*(one for mine, one in marked if not mine), *new]

    def end(self, status: str, reason: str) -> None:
        """Gives it the status of what has ended, with the mark that says that we ended it, and why."""
        self.replace("status", status)
        self.replace_extensions(CLOSED_BY_RULE.__eq__, [spell_closing(reason)])

    def add_labels(self, labels: Iterable[Json]) -> None:
        """Adds the security labels that are missing; none is ever taken away."""
        held = (self.value("meta") or {}).get("security") or []
        known = {(label.get("system"), label.get("code")) for label in held}
        missing = [label for label in labels if (label.get("system"), label.get("code")) not in known]
        if missing:
            self.replace_part("meta", "security", [*held, *missing])

    def _raw(self, name: str) -> bytes | msgspec.Raw | None:
        held = self._members.get(name)
        raw = held if held is None or isinstance(held, msgspec.Raw) else _encode(held)
        # Some servers send null for what is absent.
        return None if raw is None or bytes(raw) == b"null" else raw
