"""SMART scopes of a service that acts for itself: what is asked for, and what was granted of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

# In the order that a scope has to name them: create, read, update, delete, search.
_LETTERS: Final = "cruds"
_V1: Final = {"read": "rs", "write": "cud", "*": "cruds"}
_SCOPE: Final = re.compile(r"(system|user|patient)/(\*|[A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)(\?.*)?")
_EVERY: Final = "*"


class Access(NamedTuple):
    """The permissions (letters of `cruds`) on each resource type; `whole` is None where nobody has said.

    `part` are those that hold for some of the resources only, such as those of a category.
    """

    whole: Mapping[str, frozenset[str]] | None = None
    part: Mapping[str, frozenset[str]] = {}

    def permits(self, resource_type: str, letters: str) -> bool:
        """True where all of these permissions were granted, if only for some resources, or nobody has said."""
        return self.whole is None or set(letters) <= _of(self.whole, resource_type) | _of(self.part, resource_type)

    def permits_all(self, resource_type: str, letters: str) -> bool:
        """True where they were granted for every resource of the type, or nobody has said."""
        return self.whole is None or set(letters) <= _of(self.whole, resource_type)


def _of(permissions: Mapping[str, frozenset[str]], resource_type: str) -> frozenset[str]:
    nothing: frozenset[str] = frozenset()
    return permissions.get(resource_type, nothing) | permissions.get(_EVERY, nothing)


def scope_of(wanted: Mapping[str, str], style: Literal["v1", "v2"]) -> str:
    """The scope that asks for the permissions wanted on each resource type."""
    return " ".join(f"system/{kind}.{_written(letters, style)}" for kind, letters in sorted(wanted.items()))


def _written(letters: str, style: Literal["v1", "v2"]) -> str:
    if style == "v2":
        return "".join(letter for letter in _LETTERS if letter in letters)
    return next(word for word, meant in _V1.items() if set(letters) <= set(meant))


def access_of(scope: str, contexts: Container[str] = ("system",)) -> Access:
    """What a granted scope allows in these contexts; a word in it that is not understood allows nothing."""
    whole: dict[str, frozenset[str]] = {}
    part: dict[str, frozenset[str]] = {}
    for word in scope.split():
        match = _SCOPE.fullmatch(word)
        if match is not None and match[1] in contexts:
            _, kind, letters, condition = match.groups()
            of = part if condition else whole
            of[kind] = of.get(kind, frozenset()) | frozenset(_V1.get(letters, letters))
    return Access(whole, part)
