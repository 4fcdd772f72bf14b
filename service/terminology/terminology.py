"""The one object that the rest of the service asks about codes; built once, never changed."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from service.terminology import site_map, subjects, systems, units
from service.terminology.medicines import NEED_A_ROUTE, SYSTEMIC_STEROIDS
from service.terminology.results import POSITIVE_TITRES
from service.terminology.systems import ATC_SYSTEMS
from service.terminology.tables import Tables, default_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from service.domain.analytes import Analyte
    from service.domain.concepts import Concept, Item
    from service.domain.reads import Subject
    from service.domain.rule import Code
    from service.terminology.answers import Asked
    from service.terminology.meanings import Conversion, Drug, Key, Meaning
    from service.terminology.traps import Trap


class Terminology:
    """Codes and units, with a site's own codes merged in; a listed code is found by one dict hit.

    `lookup` is for Observation-like codes and is meant to be read directly: `lookup.get((system, code))`; so is
    `codes`, all that have a meaning or a trap in any system.
    """

    __slots__ = ("_codes", "_site", "_tables", "codes", "lookup")

    def __init__(self, tables: Tables, site: site_map.SiteMap) -> None:
        """Use `default` and `with_site_map`; `site` is the map that is already merged into `tables`."""
        self._tables = tables
        self._site = site
        self._codes = subjects.codes_by_subject(tables, site)
        self.lookup: Mapping[Key, Meaning] = tables.meanings
        self.codes = frozenset(code for _, code in (*tables.meanings, *tables.traps))

    @staticmethod
    @cache
    def default() -> Terminology:
        """The terminology without any site's codes."""
        return Terminology(default_tables(), {})

    def with_site_map(self, mapping: Mapping[Key, Iterable[Key]]) -> Terminology:
        """The same with a site's own codes added; raises UnusableMapping naming the first it cannot use."""
        return Terminology(*site_map.merged(self._tables, self._site, mapping))

    def concepts(self, system: str, code: str) -> frozenset[Concept]:
        """What a Condition, Procedure or Encounter code records; empty when no rule reads it."""
        return self._tables.concepts_of(system, code)

    def drug(self, system: str, code: str) -> Drug | None:
        """The ingredient behind a medicine's code; None when it is not recognised."""
        return self._tables.drug_of(system, code)

    def is_local_route(self, system: str, code: str) -> bool:
        """True for a route by which a corticosteroid acts where it is applied."""
        return self._tables.local_routes.get((system, code), False)

    @staticmethod
    def steroid_needs_route(ingredient: str) -> bool:
        """True for steroids that count as systemic only with a recorded systemic route or a systemic code."""
        return ingredient in NEED_A_ROUTE

    @staticmethod
    def contradicts_systemic_steroid(system: str, code: str) -> bool:
        """True for an ATC coding outside H02: the medicine that carries it is a local form."""
        return system in ATC_SYSTEMS and not code.startswith(SYSTEMIC_STEROIDS)

    def answer(self, system: str, code: str, asked: Asked = None) -> int | None:
        """The number of an answer to a question or qualitative result; else whether a finding is there.

        None when the code is no answer to what was asked.
        """
        scale = self._tables.answers.get(asked)
        return None if scale is None else scale.get((system, code))

    def safety_questions(self, system: str, code: str) -> tuple[Item, ...]:
        """What a panel or form asks about suicide; empty for one that asks nothing or is not known."""
        return self._tables.safety_questions.get((system, code), ())

    @staticmethod
    def convert(analyte: Analyte, unit: str) -> Conversion | None:
        """How to bring a unit to the analyte's own; None when the unit is not accepted (see `refusal`)."""
        return units.CONVERSIONS.get((analyte, unit))

    @staticmethod
    def refusal(analyte: Analyte, unit: str) -> str:
        """Why a unit is not accepted, in words."""
        return units.refusal(analyte, unit)

    @staticmethod
    def positive_titre(analyte: Analyte) -> Decimal | None:
        """The lowest titre that counts as positive (10 stands for 1:10); None for what is not titrated."""
        return POSITIVE_TITRES.get(analyte)

    def trap(self, system: str, code: str) -> Trap | None:
        """The reason why a code that feeds use wrongly is refused; None for any other code."""
        return self._tables.traps.get((system, code))

    def meant_by(self, system: str, code: str) -> str:
        """The system under which a code is read that came with a misspelt one, or with none; else empty."""
        for near in systems.meant_by(system):
            if (near, code) in self.lookup or self.concepts(near, code):
                return near
        return ""

    def display(self, system: str, code: str) -> str:
        """The display of a known code, else an empty string."""
        return self._tables.displays.get((system, code), "")

    def codes_of(self, subject: Subject) -> tuple[Code, ...]:
        """Every code under which something is read: standard codes, then our own, then the site's."""
        return self._codes.get(subject, ())

    @property
    def site_codes(self) -> tuple[Key, ...]:
        """The site's own codes."""
        return tuple(self._site)

    def read_as(self, system: str, code: str) -> frozenset[Subject | tuple[Asked, int]]:
        """Everything that a code stands for: things that rules read, and numbers, each with the question it answers."""
        key, tables = (system, code), self._tables
        meaning, drug = tables.meanings.get(key), tables.drug_of(system, code)
        found: set[Subject | tuple[Asked, int]] = {*tables.concepts_of(system, code), *self.safety_questions(*key)}
        if meaning is not None:
            found |= meaning.target if isinstance(meaning.target, frozenset) else {meaning.target}
        if drug is not None:
            found.add(drug.group)
        found |= {(asked, scale[key]) for asked, scale in tables.answers.items() if key in scale}
        return frozenset(found)

    @property
    def refused(self) -> tuple[Key, ...]:
        """Every (system, code) that is looked for in Observations to say why it is not read."""
        unusable = (key for key, meaning in self.lookup.items() if meaning.refusal)
        return tuple(dict.fromkeys((*unusable, *self._tables.traps)))

    def digest_parts(self) -> bytes:
        """The site's map as bytes that do not depend on the order it was written in."""
        listed = [[*source, *map(list, targets)] for source, targets in sorted(self._site.items())]
        return json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()
