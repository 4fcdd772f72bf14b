"""Which answers and totals belong to one logical response: a union over components, members, derivations and forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Responses:
    """Resources by FHIRPath; linked ones share one key, the FHIRPath of the earliest linked."""

    __slots__ = ("_parents",)

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def link(self, one: str, others: Iterable[str]) -> None:
        """Says that a resource and others, of which there are some, are parts of one response."""
        parents, first = self._parents, self._root(one)
        for other in others:
            if other not in parents:
                parents[other] = first
                continue
            second = self._root(other)
            if first != second:
                parents[second] = first

    def key(self, expression: str) -> str:
        """The key of the response that a resource belongs to; empty when nothing links it."""
        return self._root(expression) if expression in self._parents else ""

    def keys(self) -> dict[str, str]:
        """The keys of all resources that are linked."""
        parents, root = self._parents, self._root
        return {one: parent if parents[parent] == parent else root(one) for one, parent in parents.items()}

    def __bool__(self) -> bool:
        """True when anything was linked."""
        return bool(self._parents)

    def _root(self, expression: str) -> str:
        parents = self._parents
        while (parent := parents.setdefault(expression, expression)) != expression:
            # Halving the way as it is walked keeps long chains short.
            parents[expression] = parents[parent]
            expression = parents[parent]
        return expression
