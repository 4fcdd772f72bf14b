"""Resources that are nobody's: read like any other, to know whether they hold something urgent, then taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from service.fhir.reading.account import Reason
from service.fhir.reading.draft import SAFETY_CONCEPTS, SAFETY_ITEMS, SAFETY_TOTALS

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


def take_back(draft: Draft, index: int, source: Source, reason: str, read: Callable[[], None]) -> None:
    """Rejects a resource that is not the patient's; what is urgent in one that is nobody's is remembered."""
    lists: tuple[list[Any], ...] = (
        draft.scores,
        draft.answers,
        draft.results,
        draft.records,
        draft.exposures,
        draft.issues,
        draft.declined,
    )
    lengths = [len(one) for one in lists]
    listed, conditions = len(draft.rejections), (draft.conditions_sent, draft.active_conditions)
    read()
    urgent = _is_urgent(draft.scores[lengths[0] :], draft.answers[lengths[1] :], draft.records[lengths[3] :])
    about_suicide = urgent or any(one.safety for one in draft.rejections[listed:])
    nothing = draft.states[index] is None
    for one, length in zip(lists, lengths, strict=True):
        del one[length:]
    del draft.rejections[listed:]
    draft.conditions_sent, draft.active_conditions = conditions
    draft.states[index] = None
    if nothing:
        return
    if urgent and reason == Reason.NO_SUBJECT:
        draft.subjectless.append(source)
    draft.reject(index, f"{source.expression}.subject", reason, _TEXTS[Reason(reason)], safety=about_suicide)


def _is_urgent(scores: list[Score], answers: list[Answer], records: list[Record]) -> bool:
    return (
        any(one.item in SAFETY_ITEMS and one.value for one in answers)
        or any(one.asserted and not SAFETY_CONCEPTS.isdisjoint(one.concepts) for one in records)
        or any(one.instrument in SAFETY_TOTALS and one.value >= _URGENT_TOTAL for one in scores)
    )
