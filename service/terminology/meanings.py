"""What a code can mean to the service."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from service.domain.analytes import Analyte
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.instruments import Instrument

if TYPE_CHECKING:
    from decimal import Decimal

Key: TypeAlias = tuple[str, str]


class Kind(StrEnum):
    """How an Observation with a known code is read."""

    SCORE = "score"  # a total or T-score
    PANEL = "panel"  # groups items; a plain number on it is taken for the total, with a data-quality issue
    FORM = "form"  # groups items and never has a value of its own
    ITEM = "item"  # the answer to one question
    RESULT = "result"  # a laboratory, bedside or imaging result
    RECORD = "record"  # a finding or event: present unless the value denies it
    DENIAL = "denial"  # says that the finding or event is absent


class Meaning(NamedTuple):
    """What an Observation's code says; `target` is an Instrument, Item, Analyte or set of Concepts by `kind`.

    `assay` is 'hs' or 'conventional' for CRP. `refusal` says why no value under this code can be used.
    """

    kind: Kind
    target: Instrument | Item | Analyte | frozenset[Concept]
    assay: str = ""
    refusal: str = ""


class Drug(NamedTuple):
    """A recognised medicine; `systemic`: the code itself says that it is a systemic corticosteroid."""

    ingredient: str
    group: DrugGroup
    interval_days: int
    systemic: bool = False


class Conversion(NamedTuple):
    """How a unit becomes the canonical one: `(value + offset) * factor`."""

    factor: Decimal
    offset: Decimal
