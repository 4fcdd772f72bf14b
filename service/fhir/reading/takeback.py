"""Resources that are nobody's: read like any other, to know whether they hold something urgent, then taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from service.domain.concepts import ABOUT_SUICIDE
from service.fhir.reading.account import Reason
from service.fhir.reading.draft import SAFETY_ITEMS, SAFETY_TOTALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.domain.facts import Answer, Record, Score, Source
    from service.fhir.reading.draft import Draft

# A PHQ-9 total this high needs at least one point on the question about suicide.
_URGENT_TOTAL: Final = Decimal(25)
_TEXTS: Final = {
    Reason.NO_SUBJECT: "It does not say whose it is; send a subject that refers to the patient.",
    Reason.NOT_A_PATIENT: "Its subject is not a patient.",
}


# What only grows while resources are read, what one resource may overwrite of another's, and what counts.
_LISTS: Final = (
    "scores",
    "answers",
    "records",
    "results",
    "exposures",
    "flags",
    "plans",
    "issues",
    "declined",
    "rejections",
    "unread_scores",
)
_TABLES: Final = ("medicines", "raw_flags", "raw_plans")
_VALUES: Final = ("oldest_medicine", "oldest_medicine_source", "conditions_sent", "active_conditions")


class _Kept:
    """A draft as it was before a resource was read; tables are empty until that was taken back."""

    __slots__ = ("_draft", "_lengths", "_tables", "_values")

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._lengths = [len(getattr(draft, name)) for name in _LISTS]
        self._tables = [getattr(draft, name) for name in _TABLES]
        self._values = [getattr(draft, name) for name in _VALUES]
        for name in _TABLES:
            setattr(draft, name, {})

    @property
    def is_all(self) -> bool:
        """True while nothing was added but to the count of Conditions, which is no use of any of them."""
        added = any(getattr(self._draft, name) for name in _TABLES)
        return not added and self._lengths == [len(getattr(self._draft, name)) for name in _LISTS]

    @property
    def listed(self) -> int:
        """How many rejections there were."""
        return self._lengths[_LISTS.index("rejections")]

    @property
    def urgent(self) -> list[tuple[list[Any], int]]:
        """The totals, answers and records, each with how many there were."""
        return [(getattr(self._draft, name), self._lengths[at]) for at, name in enumerate(_LISTS[:3])]

    def restore(self) -> None:
        """Takes back all that was added since."""
        for name, length in zip(_LISTS, self._lengths, strict=True):
            del getattr(self._draft, name)[length:]
        for name, table in zip(_TABLES, self._tables, strict=True):
            setattr(self._draft, name, table)
        for name, value in zip(_VALUES, self._values, strict=True):
            setattr(self._draft, name, value)


def take_back(draft: Draft, index: int, source: Source, reason: str, read: Callable[[], None]) -> None:
    """Rejects a resource that is not the patient's; what is urgent in one that is nobody's is remembered."""
    before, state = _Kept(draft), draft.states[index]
    draft.states[index] = None
    read()
    urgent = _is_urgent(*(one[length:] for one, length in before.urgent))
    about_suicide = urgent or any(one.safety for one in draft.rejections[before.listed :])
    nothing = draft.states[index] is None and before.is_all
    before.restore()
    draft.states[index] = state
    if nothing:
        return
    if urgent and reason == Reason.NO_SUBJECT:
        draft.subjectless.append(source)
    draft.reject(index, f"{source.expression}.subject", reason, _TEXTS[Reason(reason)], safety=about_suicide)


def _is_urgent(scores: list[Score], answers: list[Answer], records: list[Record]) -> bool:
    return (
        any(one.item in SAFETY_ITEMS and one.value for one in answers)
        or any(one.asserted and not ABOUT_SUICIDE.isdisjoint(one.concepts) for one in records)
        or any(one.instrument in SAFETY_TOTALS and one.value >= _URGENT_TOTAL for one in scores)
    )
