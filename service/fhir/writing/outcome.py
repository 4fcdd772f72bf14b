"""The one OperationOutcome of an answer: the account, what was refused, undecided, and would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.findings import FlagState
from service.domain.verdict import Verdict
from service.fhir.addresses import ACCOUNT, ISSUE_SYSTEM
from service.fhir.outcomes import issue
from service.fhir.writing.elements import Json, clean
from service.fhir.writing.reasons import known_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.domain.facts import DataIssue, PriorFlag
    from service.domain.findings import Assessment, FlagFinding, RuleResult
    from service.domain.ruleset import RuleSet
    from service.fhir.reading.account import Account, Reading, Rejection
    from service.fhir.writing.frame import Frame

# Members are slow to reach through their class; every rule is asked for its verdict, and every flag for its state.
_MET, _UNKNOWN = Verdict.MET, Verdict.UNKNOWN
_UNCHANGED = FlagState.UNCHANGED
# Beyond this many entries of a kind the rest is counted; what concerns safety is always listed.
MOST_LISTED: Final = 500
# Met, and yet no flag is raised: a reader must not take that for "not met".
_WITHHELD: Final = {"closed-by-clinician": "{reason}"}

# What became of the evidence of a Flag that stays as it is.
_EVENTS: Final = {
    "withdrawn": "Of what it names, this was withdrawn (entered in error), and the rest was not: {evidence}.",
    "changed": "An entry it names was changed since, so that its text may no longer hold: {evidence}.",
}


def write_outcome(
    assessment: Assessment,
    reading: Reading,
    rule_set: RuleSet,
    frame: Frame,
    explain: str,
    written: Iterable[Json] = (),
) -> Json:
    """Never without an issue: the last one says how many rules were decided, and which were not.

    `written` are issues about what was stored.
    """
    issues = [*_rejected(reading.rejections), *_data_issues(assessment)]
    unknown = [result for result in assessment.results if result.verdict is _UNKNOWN]
    if explain != "none":
        issues += [_undecided(result) for result in unknown]
    issues += [_withheld(result) for result in assessment.results if result.because in _WITHHELD]
    issues += [issue("information", "informational", clean(notice)) for notice in assessment.notices]
    issues += [_unchanged(flag, rule_set) for flag in assessment.flags if flag.state is _UNCHANGED]
    issues += map(_twin, _twins(assessment.flags))
    if explain != "none":
        issues += [_clearing(flag) for flag in assessment.flags if flag.cleared_by and flag.is_open]
    issues += written
    issues.append(_summary(assessment.results, unknown))
    account = _account(reading.account, assessment, rule_set, frame)
    return {"resourceType": "OperationOutcome", "extension": [account], "issue": issues}


def _account(account: Account, assessment: Assessment, rule_set: RuleSet, frame: Frame) -> Json:
    named: list[Json] = [
        {"url": "version", "valueString": rule_set.version},
        {"url": "digest", "valueString": rule_set.digest},
    ]
    parts: list[Json] = [
        {"url": "asOf", "valueDateTime": frame.as_of},
        {"url": "timeZone", "valueString": assessment.as_of.zone_name},
        {"url": "ruleSet", "extension": named},
        {"url": "received", "valueUnsignedInt": account.received},
        {"url": "used", "valueUnsignedInt": account.used},
        {"url": "notRead", "valueUnsignedInt": account.not_read},
    ]
    parts += (_counted(reason, count) for reason, count in sorted(account.rejected.items()))
    return {"url": ACCOUNT, "extension": parts}


def _counted(reason: str, count: int) -> Json:
    parts = [{"url": "reason", "valueCode": reason}, {"url": "count", "valueUnsignedInt": count}]
    return {"url": "rejected", "extension": parts}


def _rejected(rejections: tuple[Rejection, ...]) -> Iterator[Json]:
    first = [one for one in rejections if one.safety]
    others = [one for one in rejections if not one.safety]
    listed = max(0, MOST_LISTED - len(first))
    for one in (*first, *others[:listed]):
        yield _coded("error", one.reason_code, one.text, one.expression)
    yield from _counts("error", "rejected", [one.reason_code for one in others[listed:]])


def _data_issues(assessment: Assessment) -> Iterator[Json]:
    found = tuple(dict.fromkeys((*assessment.chart.issues, *assessment.issues)))
    for one in _safety_first(found)[:MOST_LISTED]:
        yield _coded("warning", one.code, one.text, one.expression)
    yield from _counts("warning", "of note", [one.code for one in _safety_first(found)[MOST_LISTED:]])


def _safety_first(found: tuple[DataIssue, ...]) -> list[DataIssue]:
    return sorted(found, key=lambda one: not one.safety)


def _coded(severity: str, reason: str, text: str, expression: str) -> Json:
    spelled = issue(severity, known_reason(reason).issue_type, clean(text), expression)
    spelled["details"]["coding"] = [{"system": ISSUE_SYSTEM, "code": reason}]
    return spelled


def _counts(severity: str, what: str, reasons: Iterable[str]) -> Iterator[Json]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    for reason, count in sorted(counts.items()):
        yield _coded(severity, reason, f"{count} more {what}: {reason}.", "")


def _undecided(result: RuleResult) -> Json:
    severity = "warning" if result.rule.safety else "information"
    missing = " ".join(lack for lack in result.lacks if lack not in result.reason)
    text = f"{result.rule.title} ({result.rule.name}) could not be decided. {result.reason} {missing}"
    return issue(severity, "incomplete", clean(text).strip())


def _withheld(result: RuleResult) -> Json:
    why = _WITHHELD[result.because].format(reason=result.reason.rstrip("."))
    text = f"{result.rule.title} ({result.rule.name}) is met and raises no flag: {why}."
    return issue("information", "informational", clean(text))


def _unchanged(flag: FlagFinding, rule_set: RuleSet) -> Json:
    prior = flag.prior
    named = _named(prior) if prior is not None else flag.identifier
    expression = prior.source.expression if prior is not None else ""
    text = f"The open Flag {named} ({flag.rule.name}) stays as it is"
    told = [_EVENTS[name].format(evidence=", ".join(of)) for name, of in _events(flag) if of]
    if told:
        return issue("warning", "informational", clean(f"{text}. {' '.join(told)}"), expression)
    why = "changes or closes it"
    if rule_set.hides(flag.rule):
        # Whether it is met still is not told: of a rule in shadow nothing is.
        why = "closes it, and its rule raises no flags here at present"
    text = f"{text}: nothing in the data received {why}."
    return issue("information", "informational", clean(text), expression)


def _events(flag: FlagFinding) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("withdrawn", flag.withdrawn), ("changed", flag.changed)


def _named(prior: PriorFlag) -> str:
    """A received Flag by its reference; one without an id by its identifier."""
    return prior.source.reference or f"with the identifier {prior.identifier}"


def _twins(flags: tuple[FlagFinding, ...]) -> Iterator[PriorFlag]:
    """Received Flags whose identifier an earlier one in the answer has: they cannot be told apart by it."""
    seen: set[str] = set()
    for flag in flags:
        if flag.prior is not None and flag.identifier in seen:
            yield flag.prior
        seen.add(flag.identifier)


def _twin(prior: PriorFlag) -> Json:
    named = prior.source.reference or "A Flag without id"
    text = f"{named} has the identifier of another Flag and is left as it is: keep one."
    return issue("warning", "duplicate", clean(text), prior.source.expression)


def _clearing(flag: FlagFinding) -> Json:
    text = f"What would clear {flag.rule.title} ({flag.rule.name}): {flag.cleared_by}"
    return issue("information", "informational", clean(text))


def _summary(results: tuple[RuleResult, ...], unknown: list[RuleResult]) -> Json:
    if not results:
        return issue("information", "informational", "No rule was evaluated.")
    met = len([result for result in results if result.verdict is _MET])
    not_met, undecided = len(results) - met - len(unknown), [result.rule.name for result in unknown]
    text = (
        f"{len(results)} rules: {met} met, {not_met} not met, "
        f"{len(undecided)} could not be decided{': ' if undecided else ''}{', '.join(undecided)}."
    )
    return issue("information", "informational", text)
