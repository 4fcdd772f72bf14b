"""Single facts with what a test wants to say of them, for what the language of the examples does not spell."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

from service.domain.analytes import CRP
from service.domain.concepts import PHQ9_ITEMS, Concept, DrugGroup, Item
from service.domain.examples import TODAY
from service.domain.facts import Answer, Chart, Exposure, Patient, PriorFlag, Record, Result, Score, Source
from service.domain.instruments import PHQ9
from service.domain.interval import bounded

if TYPE_CHECKING:
    from service.domain.instruments import Instrument

PATIENT = Patient("Patient/1", "Patient/1", TODAY - 15_000, TODAY - 15_000)
_numbers = count(1)


def source(kind: str = "Observation", reference: str | None = None) -> Source:
    """A resource of its own."""
    number = next(_numbers)
    return Source(f"{kind}/{number}" if reference is None else reference, f"Bundle.entry[{number}].resource", kind)


def chart(*facts: Score | Answer | Result | Record | Exposure, **more: Any) -> Chart:
    """A chart of these facts."""
    kinds = {Score: "scores", Answer: "answers", Result: "results", Record: "records", Exposure: "exposures"}
    fields: dict[str, tuple[Any, ...]] = dict.fromkeys(kinds.values(), ())
    for fact in facts:
        fields[kinds[type(fact)]] += (fact,)
    conditions = sum(record.source.resource_type == "Condition" for record in fields["records"])
    given: dict[str, Any] = {"patient": PATIENT, "entries": len(facts), "conditions_sent": conditions} | fields | more
    return Chart(**given)


def score(value: int | str, days_ago: int = 3, instrument: Instrument = PHQ9, **more: Any) -> Score:
    """A total."""
    day = TODAY - days_ago
    made = Score(instrument, Decimal(value), day, day, None, source(), str(value))
    return made._replace(**more)


def answer(item: Item, value: int | None, days_ago: int = 3, **more: Any) -> Answer:
    """An answer to one question."""
    day = TODAY - days_ago
    return Answer(item, value, day, day, None, source(), received=str(value))._replace(**more)


def items(*values: int | None, days_ago: int = 3, of: tuple[Item, ...] = PHQ9_ITEMS, **more: Any) -> list[Answer]:
    """The answers of one form, question by question; None is a question without an answer."""
    return [answer(item, value, days_ago, **more) for item, value in zip(of, values, strict=True) if value is not None]


def crp(value: str, days_ago: int = 3, assay: str = "conventional", **more: Any) -> Result:
    """A CRP as reported, in mg/L."""
    digits = value.lstrip("<>=")
    day = TODAY - days_ago
    interval = bounded(value.removesuffix(digits), Decimal(digits))
    return Result(CRP, interval, day, day, None, source(), value, assay=assay)._replace(**more)


def record(*concepts: Concept, days_ago: int = 3, kind: str = "Condition", **more: Any) -> Record:
    """A coded record."""
    day = TODAY - days_ago
    return Record(frozenset(concepts), day, day, None, source(kind), status="active")._replace(**more)


def relapse(days_ago: int, **more: Any) -> Record:
    """A relapse."""
    return record(Concept.RELAPSE, days_ago=days_ago, **more)


def taken(
    ingredient: str, start: int | None, end: int | None = None, group: DrugGroup = DrugGroup.ANTIDEPRESSANT, **more: Any
) -> Exposure:
    """A medicine from `start` to `end` days ago; still taken when there is no end."""
    begun = None if start is None else TODAY - start
    ended = None if end is None else TODAY - end
    return Exposure(ingredient, group, begun, ended, None, source("MedicationRequest"), ingredient)._replace(**more)


def flagged(rule: str, start: int | None, *, status: str = "active", **more: Any) -> PriorFlag:
    """A flag of ours that the caller holds from an earlier day."""
    made = source("Flag")
    entry = int(made.reference.removeprefix("Flag/"))
    kept = PriorFlag(rule, f"{rule} since {start}", status, start, None, None, (), False, "PM", made, entry)
    return kept._replace(**more)
