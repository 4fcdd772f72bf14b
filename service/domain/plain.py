"""A criterion without names and nesting: it says the same of every patient, in fewer steps, and explains less."""

from __future__ import annotations

import dataclasses
from typing import Any

from service.domain import criteria as c


def plain(word: Any) -> Any:
    """The criterion as it is asked when nobody wants the trace; itself when there is nothing to leave out."""
    if isinstance(word, c.Defined):
        return plain(word.criterion)
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(word):
        value = getattr(word, field.name)
        if isinstance(value, c.WORDS):
            simpler: Any = plain(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], c.WORDS):
            simpler = _flattened(word, [plain(part) for part in value])
        else:
            continue
        if simpler != value:
            changed[field.name] = simpler
    return dataclasses.replace(word, **changed) if changed else word


def _flattened(word: Any, parts: list[Any]) -> tuple[Any, ...]:
    """Any of any, and all of all, are one: their order, and so which of them comes first, stays the same."""
    flat: list[Any] = []
    for part in parts:
        flat += part.criteria if _is_of_one_kind(word, part) else (part,)
    return tuple(flat)


def _is_of_one_kind(word: Any, part: Any) -> bool:
    if isinstance(word, c.AllOf):
        return isinstance(part, c.AllOf)
    return isinstance(word, c.AnyOf) and isinstance(part, c.AnyOf) and not (word.earliest or part.earliest)
