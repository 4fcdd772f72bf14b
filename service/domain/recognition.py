"""Whether a piece of evidence is one that a Flag names: under another spelling, withdrawn, or changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.closing import ENTERED_IN_ERROR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.facts import Chart, PriorFlag, Source


def key_of(reference: str) -> str:
    """`Type/id` of a literal reference, without its server, version and fragment; anything else as it is."""
    if reference.startswith("#") or not ("#" in reference or ":" in reference or "/_history/" in reference):
        return reference
    path = reference.partition("#")[0].partition("/_history/")[0]
    if "://" not in path:
        return path
    before, _, name = path.rpartition("/")
    kind = before.rpartition("/")[2]
    return f"{kind}/{name}" if name and kind[:1].isupper() else path


def name_of(source: Source) -> str:
    """What a resource can be recognised by: its reference, else its identifier; empty when it has neither."""
    if source.reference:
        return key_of(source.reference)
    return "|".join(source.identifier) if source.identifier is not None and source.identifier[1] else ""


def withdrawn_from(flag: PriorFlag, chart: Chart) -> tuple[str, ...]:
    """What a Flag names of what came as entered in error."""
    if not chart.retracted:
        return ()
    gone = set(map(key_of, chart.retracted))
    return tuple(name for name in flag.evidence if name in gone)


def is_withdrawn(flag: PriorFlag, chart: Chart, *, safety: bool) -> bool:
    """True when what a Flag rests on was withdrawn: any part of it, of a safety rule's every part.

    A safety Flag names entries of which each would have raised it. One that cannot be recognised may still stand.
    """
    gone = withdrawn_from(flag, chart)
    if not safety:
        return bool(gone)
    return bool(gone) and not flag.nameless and set(flag.evidence) == set(gone)


def is_named(source: Source, flag: PriorFlag) -> bool:
    """True when a safety Flag speaks for this evidence: an open one that names it, or one that closed it as it is.

    One that we withdrew ourselves speaks for nothing.
    """
    if flag.status == "active":
        return name_of(source) in flag.evidence
    return not (flag.status == ENTERED_IN_ERROR and flag.closed_by_rule) and not is_new(source, flag, safety=True)


def is_new(source: Source, flag: PriorFlag, *, safety: bool) -> bool:
    """True when a closed Flag did not close this evidence: it does not name it, or the resource changed afterwards.

    Where that cannot be told, evidence of a safety rule is new.
    """
    name = name_of(source)
    if not name:
        return safety
    return name not in flag.evidence or _has_changed(source, flag, safety=safety)


def _has_changed(source: Source, flag: PriorFlag, *, safety: bool) -> bool:
    if source.updated is None:
        return False
    closed = flag.closed_after if safety else flag.ended
    return safety if closed is None else source.updated > closed


def sources_in(chart: Chart) -> Iterable[Source]:
    """The resource of every fact."""
    for score in chart.scores:
        yield score.source
        yield from score.evidence
    for facts in (chart.answers, chart.results, chart.records, chart.exposures):
        for fact in facts:
            yield fact.source
