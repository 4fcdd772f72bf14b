"""What the rules said in one assessment, as names that numbers, records and answers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from service.domain.findings import Assessment, RuleResult

# A member works out its name each time it is asked.
_NAMES: Final = {verdict: verdict.name for verdict in Verdict}


def verdicts_of(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """The (rule name, verdict name) pairs of an assessment."""
    return _pairs(assessment.results)


def shadow_of(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """The same of the rules in shadow."""
    return _pairs(assessment.shadow)


def unknown_of(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """The rules that could not be judged, each with every reason (`Want`) once."""
    undecided = [(one.rule.name, one.outcome) for one in assessment.results if one.verdict is Verdict.UNKNOWN]
    return tuple(dict.fromkeys((name, lack.want.value) for name, found in undecided if found for lack in found.lacks))


def _pairs(results: tuple[RuleResult, ...]) -> tuple[tuple[str, str], ...]:
    return tuple([(result.rule.name, _NAMES[result.verdict]) for result in results])
