"""The Markdown below a card's summary: what was found, on what it rests, what would clear it, what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.cds_hooks.markdown import literal
from service.domain.evidence import rows
from service.domain.explain import what_clears
from service.domain.markdown import table
from service.domain.wording import FOOTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from service.cds_hooks.prefetch import Part
    from service.domain.facts import Chart
    from service.domain.findings import FlagFinding, RuleResult

# A card is an eighth of a screen: the newest evidence is what is looked for, the rest stands in the Flag.
MOST_ROWS: Final = 12
_HEAD: Final = ("Evidence", "Value", "Date")


def of_findings(findings: Sequence[FlagFinding], chart: Chart, missing: Sequence[Part], said: Mapping[str, str]) -> str:
    """The text of a card about the findings of one rule; `said` is what Flags of the record say, by identifier."""
    blocks = [block for finding in findings for block in _sentences(finding, said)]
    evidence = dict.fromkeys(source for finding in findings for source in finding.evidence)
    if told := rows(chart, evidence):
        cells = [[literal(cell) for cell in row] for row in told[:MOST_ROWS]]
        blocks.append("\n".join(table(_HEAD, cells)))
    if len(told) > MOST_ROWS:
        blocks.append(f"{len(told) - MOST_ROWS} more are named in the flag.")
    blocks += dict.fromkeys(f"**What would clear it:** {literal(_clearing(finding))}" for finding in findings)
    if missing:
        blocks.append(f"**Not known:** {_missing(missing)}")
    return "\n\n".join(blocks)


def _sentences(finding: FlagFinding, said: Mapping[str, str]) -> Iterator[str]:
    """What is found now; of a flag that only stays open, what it was raised for and what became of that."""
    if finding.sentence:
        yield literal(finding.sentence)
        return
    yield f"This flag is still open. {literal(said.get(finding.identifier, ''))}".rstrip()
    for told, names in (("withdrawn (entered in error)", finding.withdrawn), ("changed", finding.changed)):
        if names:
            yield f"Since then, of what it rests on, was {told}: {literal(', '.join(names))}."
    if FOOTER not in said.get(finding.identifier, ""):
        yield FOOTER


def _clearing(finding: FlagFinding) -> str:
    return finding.cleared_by or what_clears(finding.rule)


def of_rest(findings: Iterable[FlagFinding]) -> str:
    """The text of a card that stands for several: a line for each rule."""
    titles = dict.fromkeys((finding.rule.title, finding.priority.value) for finding in findings)
    return "\n".join([*(f"- {literal(title)} ({priority})" for title, priority in titles), "", FOOTER])


def of_missing(missing: Sequence[Part], undecided: Iterable[RuleResult]) -> str:
    """The text of the card about what safety rules read and could not be had, or could not be placed."""
    lines = [f"- {literal(result.rule.title)}: {literal(result.reason)}" for result in undecided]
    return "\n\n".join(
        [
            "What is shown may be incomplete, and that nothing is shown does not mean that there is nothing.",
            *([f"Could not be read: {_missing(missing)}"] if missing else ()),
            *(["\n".join(lines)] if lines else ()),
            "Look at these in the record itself.",
        ]
    )


def of_notices(notices: Iterable[str]) -> str:
    """The text of the card about a patient for whom no rule was evaluated."""
    return "\n\n".join([*map(literal, notices), FOOTER])


def of_undecided(results: Iterable[RuleResult], missing: Sequence[Part]) -> str:
    """The text of the card about findings that only missing data leave open."""
    lines = [f"- {literal(result.rule.title)}: {literal(result.reason)}" for result in results]
    return "\n".join([*lines, "", *([f"**Not known:** {_missing(missing)}", ""] if missing else ()), FOOTER])


def _missing(parts: Iterable[Part]) -> str:
    return "; ".join(f"{part.template.words} ({literal(part.gap)})" for part in parts) + "."
