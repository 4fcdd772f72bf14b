"""A site's own codes: each takes over everything that the codes it is mapped to mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.terminology.meanings import Drug, Key, Kind, Meaning
from service.terminology.systems import ICD_SYSTEMS
from service.terminology.tables import Tables, diagnosis_keys, keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from service.domain.concepts import Concept, Item
    from service.terminology.answers import Asked

SiteMap = dict[Key, tuple[Key, ...]]

_UNKNOWN: Final = (
    "nothing is read under the target; use a code of the value sets or of CodeSystem/measurand, spelled as there"
)
_TWO_MEANINGS: Final = (
    "the code would have two meanings; map it to one thing, and leave a code alone that has a meaning already"
)


class UnusableMapping(ValueError):
    """A site's map names a target under which nothing is read, or gives one code two meanings."""

    def __init__(self, source: Key, target: Key, reason: str) -> None:
        """`source` and `target` are a system and a code each."""
        super().__init__(f"{'|'.join(source)} -> {'|'.join(target)}: {reason}")
        self.source = source
        self.target = target
        self.reason = reason


class _Conflict(Exception):
    """The code has another meaning already."""


class _Draft:
    """Copies of the tables that a map is merged into; targets are looked up in the tables as they were."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.meanings: dict[Key, Meaning] = dict(tables.meanings)
        self.safety_questions: dict[Key, tuple[Item, ...]] = dict(tables.safety_questions)
        self.concepts: dict[Key, frozenset[Concept]] = dict(tables.concepts)
        self.drugs: dict[Key, Drug] = dict(tables.drugs)
        self.local_routes: dict[Key, bool] = dict(tables.local_routes)
        self.answers: dict[Asked, dict[Key, int]] = {asked: dict(scale) for asked, scale in tables.answers.items()}
        self.traps = dict(tables.traps)
        self.displays = dict(tables.displays)

    def add(self, source: Key, target: Key) -> bool:
        """Give `source` all that `target` means; False when the target means nothing."""
        takers = (self._meaning, self._concepts, self._drug, self._route, self._answers)
        taken = [take(source, target) for take in takers]
        return any(taken)

    def name(self, source: Key, target: Key) -> None:
        """A code that a site has given a meaning is no trap any more, and goes by the name of its meaning."""
        self.traps.pop(source, None)
        self.displays.setdefault(source, self.tables.displays.get(target, ""))

    def done(self) -> Tables:
        """The merged tables."""
        return Tables(
            meanings=self.meanings,
            safety_questions=self.safety_questions,
            concepts=self.concepts,
            drugs=self.drugs,
            local_routes=self.local_routes,
            answers=self.answers,
            traps=self.traps,
            displays=self.displays,
        )

    def _meaning(self, source: Key, target: Key) -> bool:
        new = self.tables.meanings.get(target)
        if new is None:
            return False
        old = self.meanings.get(source)
        self.meanings[source] = new if old is None else _joined(old, new)
        if questions := self.tables.safety_questions.get(target):
            self.safety_questions[source] = questions
        return True

    def _concepts(self, source: Key, target: Key) -> bool:
        new = self.tables.concepts_of(*target)
        if new:
            old = self.concepts.get(source) or self.tables.concepts_of(*source)
            self.concepts[source] = old | new
        return bool(new)

    def _drug(self, source: Key, target: Key) -> bool:
        new = self.tables.drug_of(*target)
        if new is None:
            return False
        old = self.drugs.get(source) or self.tables.drug_of(*source)
        self.drugs[source] = new if old is None else _one_drug(old, new)
        return True

    def _route(self, source: Key, target: Key) -> bool:
        new = self.tables.local_routes.get(target)
        if new is None:
            return False
        if self.local_routes.setdefault(source, new) != new:
            raise _Conflict
        return True

    def _answers(self, source: Key, target: Key) -> bool:
        found = False
        for asked, scale in self.tables.answers.items():
            new = scale.get(target)
            if new is None:
                continue
            found = True
            if self.answers[asked].setdefault(source, new) != new:
                raise _Conflict
        return found


def _joined(old: Meaning, new: Meaning) -> Meaning:
    if old == new:
        return old
    if old.kind is new.kind is Kind.RECORD and isinstance(old.target, frozenset) and isinstance(new.target, frozenset):
        return Meaning(Kind.RECORD, old.target | new.target)
    raise _Conflict


def _one_drug(old: Drug, new: Drug) -> Drug:
    if old.ingredient != new.ingredient:
        raise _Conflict
    return old._replace(systemic=old.systemic or new.systemic)


def _spelled(source: Key) -> Iterator[Key]:
    system, code = source
    yield source
    yield from diagnosis_keys(code) if system in ICD_SYSTEMS else keys(system, code)


def _add(draft: _Draft, source: Key, target: Key) -> None:
    for spelled in dict.fromkeys(_spelled(source)):
        try:
            known = draft.add(spelled, target)
        except _Conflict:
            raise UnusableMapping(source, target, _TWO_MEANINGS) from None
        if not known:
            trap = draft.tables.traps.get(target)
            raise UnusableMapping(source, target, trap.text if trap else _UNKNOWN)
        draft.name(spelled, target)


def merged(tables: Tables, site: SiteMap, mapping: Mapping[Key, Iterable[Key]]) -> tuple[Tables, SiteMap]:
    """The tables with a site's map merged in, and the map in a fixed order; raises UnusableMapping."""
    listed = {source: tuple(sorted(set(targets))) for source, targets in sorted(mapping.items())}
    draft = _Draft(tables)
    for source, targets in listed.items():
        for target in targets:
            _add(draft, source, target)
    joined = {source: tuple(sorted({*site.get(source, ()), *targets})) for source, targets in listed.items()}
    return draft.done(), dict(sorted((site | joined).items()))
