"""What a finding rests on, as rows that a clinician can read: what it is, its value, its date."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.domain.days import iso, spelled
from service.domain.names import called, worded
from service.domain.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.domain.facts import Chart, Exposure, Record, Result, Source


class Row(NamedTuple):
    """One fact in words; `value` is empty for what is only recorded. Texts may hold what came with the data."""

    what: str
    value: str
    date: str


def rows(chart: Chart, sources: Iterable[Source]) -> tuple[Row, ...]:
    """The facts that were read of these resources, in their order, each once."""
    found: dict[tuple[str, str], list[Row]] = {}
    for source, row in _facts(chart):
        found.setdefault(source.rank, []).append(row)
    return tuple(dict.fromkeys(row for source in sources for row in found.get(source.rank, ())))


def _facts(chart: Chart) -> Iterator[tuple[Source, Row]]:
    for score in chart.scores:
        row = Row(score.instrument.name, score.received or f"{score.value:f}", spelled(score.first, score.last))
        yield from ((source, row) for source in (score.source, *score.evidence))
    for answer in chart.answers:
        value = answer.received or answer.reading.value
        row = Row(worded(answer.text, answer.item), value, spelled(answer.first, answer.last))
        yield answer.source, row
    yield from ((result.source, _result(result)) for result in chart.results)
    yield from ((record.source, _record(record)) for record in chart.records)
    yield from ((exposure.source, _exposure(exposure)) for exposure in chart.exposures)


def _result(result: Result) -> Row:
    analyte = result.analyte
    if result.positive is not None:
        value = "positive" if result.positive else "negative"
    elif result.value is None:
        value = result.received or result.refusal
    else:
        value = f"{shown(result.value)} {analyte.unit}".rstrip()
    assay = f" ({result.assay})" if result.assay else ""
    return Row(f"{analyte.name}{assay}", value, spelled(result.first, result.last))


def _record(record: Record) -> Row:
    name = record.text or ", ".join(called(concept) for concept in sorted(record.concepts))
    return Row(name, "" if record.asserted else "absent", spelled(record.first, record.last))


def _exposure(exposure: Exposure) -> Row:
    start = "start not known" if exposure.start is None else f"from {iso(exposure.start)}"
    end = "" if exposure.end is None else f" to {iso(exposure.end)}"
    return Row(exposure.text or exposure.ingredient, "", f"{start}{end}")
