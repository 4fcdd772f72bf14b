"""What the code of an Observation means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from service.domain.concepts import ABOUT_SUICIDE
from service.fhir.reading.account import Reason
from service.fhir.reading.codes import bare
from service.fhir.reading.draft import SAFETY_ITEMS
from service.fhir.reading.numerals import Refusal
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.domain.concepts import Concept
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Code, CodeableConcept, Coding, Key
    from service.terminology.meanings import Meaning

_RANKS: Final = (Kind.SCORE, Kind.ITEM, Kind.RESULT, Kind.RECORD, Kind.DENIAL, Kind.PANEL, Kind.FORM)


def meaning_of(draft: Draft, concept: Code | CodeableConcept | None) -> Meaning | None:
    """What a code means; of several codings a question about suicide comes first, then totals, answers and results."""
    codings = concept.coding if concept is not None else None
    if not codings:
        return None
    if len(codings) == 1:
        return draft.lookup.get((codings[0].system, codings[0].code))
    found = [meaning for one in codings if (meaning := draft.lookup.get((one.system, one.code))) is not None]
    if len(found) < 2:
        return found[0] if found else None
    if all(meaning.kind is Kind.RECORD for meaning in found):
        targets = cast("list[frozenset[Concept]]", [meaning.target for meaning in found])
        return found[0]._replace(target=frozenset().union(*targets))
    return min(found, key=_rank)


class Misspelt(NamedTuple):
    """A code that would be read if its system, or it itself, were spelled right: where it stands, and what it means.

    `code` is given where the code has blanks or signs around it that it does not have.
    """

    element: str
    system: str
    meaning: Meaning | None
    concepts: frozenset[Concept]
    code: str = ""

    @property
    def refusal(self) -> Refusal:
        """What to say of it."""
        if self.code:
            text = f"There is a blank, or a sign that nobody can see, in this code; send {self.code} of {self.system}."
            return Refusal(f"{self.element}.code", Reason.CODE, text)
        text = f"This is not the address of a code system that is read; with this code send {self.system}."
        return Refusal(f"{self.element}.system", Reason.CODE, text)


def misspelt(draft: Draft, concept: Code | CodeableConcept | None, element: str = "code") -> Misspelt | None:
    """The first code of a concept of which only its spelling, or that of its system, keeps it from being read."""
    codings: Sequence[Key | Coding] = (concept.coding or ()) if concept is not None else ()
    for number, one in enumerate(codings):
        sent, given = one.code or "", one.system or ""
        code = bare(sent)
        system = draft.terminology.meant_by(given, code)
        concepts = draft.terminology.concepts(system or given, code)
        found = draft.lookup.get((system or given, code))
        if system or (code != sent and (found is not None or concepts)):
            told = "" if code == sent else code
            return Misspelt(f"{element}.coding[{number}]", system or given, found, concepts, told)
    return None


def _rank(meaning: Meaning) -> int:
    return -1 if is_safety(meaning) else _RANKS.index(meaning.kind)


def is_safety(meaning: Meaning) -> bool:
    """True when a code is about suicide or self-harm."""
    if meaning.kind is Kind.ITEM:
        return meaning.target in SAFETY_ITEMS
    return meaning.kind is Kind.RECORD and not ABOUT_SUICIDE.isdisjoint(cast("frozenset[Concept]", meaning.target))
