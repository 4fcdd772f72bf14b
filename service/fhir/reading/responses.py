"""Which answers and totals belong to one logical response: a union over components, members, derivations and forms."""

from __future__ import annotations


class Responses:
    """Resources by FHIRPath; linked ones share one key, the FHIRPath of the earliest linked."""

    __slots__ = ("_parents",)

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def link(self, one: str, other: str) -> None:
        """Says that two resources are parts of one response."""
        first = self._root(one)
        if other not in self._parents:
            self._parents[other] = first
            return
        second = self._root(other)
        if first != second:
            self._parents[second] = first

    def key(self, expression: str) -> str:
        """The key of the response that a resource belongs to; empty when nothing links it."""
        return self._root(expression) if expression in self._parents else ""

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
