"""The life of flags over repeated evaluations: kept, cleared, merged, retracted, or left as a clinician left them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.domain.anchors import AnchorKind
from service.domain.days import EARLIEST, iso
from service.domain.evaluation.scope import MET, At, Scope
from service.domain.findings import FlagFinding, FlagState
from service.domain.rule import Priority

if TYPE_CHECKING:
    from service.domain.facts import PriorFlag
    from service.domain.raising import Raised
    from service.domain.rule import Rule


class Closed(NamedTuple):
    """A finding that a clinician closed, and that has no new evidence."""

    rule: Rule
    text: str


class Ledger:
    """Decides, flag by flag, what becomes of the findings and of the flags that came with the data."""

    def __init__(self, scope: Scope, rules: dict[str, Rule], part_of: dict[str, str]) -> None:
        """`part_of` maps a contributing rule to the rule it is part of."""
        self._scope = scope
        self._rules = rules
        self._part_of = part_of
        self._own = [flag for flag in scope.timeline.chart.flags if flag.rule in rules]
        self._settled: set[int] = set()
        self.findings: list[FlagFinding] = []
        self.closed: list[Closed] = []

    def raise_flag(self, new: Raised, cleared_by: str, contributing: tuple[str, ...]) -> None:
        """Takes one finding: under an adopted or its own identifier, unless a clinician has closed it."""
        adopted = self._adopted(new) if new.rule.anchor.kind is AnchorKind.STATE else None
        identifier = new.identifier if adopted is None else adopted.identifier
        start = new.anchor if adopted is None else adopted.start
        same = [flag for flag in self._own if flag.identifier == identifier]
        prior = adopted or min(same, key=_precedence, default=None)
        if prior is not None:
            self._settled.add(prior.entry)
            if _is_closed_by_clinician(prior) and not self._has_new_evidence(new, prior):
                self.closed.append(Closed(new.rule, _closed_text(prior)))
                return
        for twin in same:
            if twin.entry not in self._settled and twin.status == "active":
                self._close(twin, "merged")
        self.findings.append(
            FlagFinding(
                new.rule,
                identifier,
                FlagState.ACTIVE,
                new.priority,
                start,
                None,
                new.sentence,
                new.evidence,
                cleared_by,
                "",
                contributing,
                prior,
            )
        )

    def _adopted(self, new: Raised) -> PriorFlag | None:
        """The earliest open flag of the same episode; the others of it are merged into it."""
        anchor = EARLIEST if new.anchor is None else new.anchor
        open_flags = [
            flag
            for flag in self._own
            if flag.rule == new.rule.name
            and flag.status == "active"
            and flag.start is not None
            and flag.start <= anchor
            and not self._is_cleared(new.rule, flag.start)
        ]
        if not open_flags:
            return None
        first, *rest = sorted(open_flags, key=lambda flag: (flag.start or 0, flag.identifier))
        for flag in rest:
            if flag.identifier != first.identifier:
                self._close(flag, "merged")
        return first

    def _has_new_evidence(self, new: Raised, prior: PriorFlag) -> bool:
        named = set(prior.evidence)
        for source in new.evidence:
            if source.reference and source.reference not in named:
                return True
            if source.updated is not None and prior.ended is not None and source.updated > prior.ended:
                return True
        return False

    def settle_rest(self) -> None:
        """Every own flag that no finding took: retracted, part of another, cleared, or open as it was."""
        for flag in self._own:
            if flag.entry not in self._settled and flag.status == "active":
                self._settle(flag)

    def _settle(self, flag: PriorFlag) -> None:
        rule = self._rules[flag.rule]
        # Flags whose own identifier is met do not come here, but for those of rules that are now part of another.
        if flag.rule not in self._part_of and self._scope.timeline.chart.retracted.intersection(flag.evidence):
            self._finish(
                flag, rule, FlagState.RETRACTED, "The entry it rested on was withdrawn (entered in error).", ""
            )
        elif flag.rule in self._part_of:
            self._close(flag, f"now part of {self._part_of[flag.rule]}")
        elif flag.start is not None and self._is_cleared(rule, flag.start):
            # What is undated may be newer than anything that could clear it: a clinician closes it.
            self._close(flag, "cleared")
        else:
            self._keep(flag, rule)

    def _is_cleared(self, rule: Rule, start: int) -> bool:
        return rule.clears is not None and self._scope.check(rule.clears, At(start, start)).verdict is MET

    def _close(self, flag: PriorFlag, reason: str) -> None:
        rule = self._rules[flag.rule]
        sentence = f"{rule.title}: no longer open ({reason}) as of {iso(self._scope.today)}."
        self._finish(flag, rule, FlagState.INACTIVE, sentence, reason)

    def _finish(self, flag: PriorFlag, rule: Rule, state: FlagState, sentence: str, reason: str) -> None:
        self._settled.add(flag.entry)
        end = self._scope.today if state is FlagState.INACTIVE else flag.end
        self.findings.append(
            FlagFinding(
                rule,
                flag.identifier,
                state,
                priority_of(flag, rule),
                flag.start,
                end,
                sentence,
                (),
                "",
                reason,
                (),
                flag,
            )
        )

    def _keep(self, flag: PriorFlag, rule: Rule) -> None:
        self._finish(flag, rule, FlagState.UNCHANGED, "", "")


def _is_closed_by_clinician(flag: PriorFlag) -> bool:
    """Inactive, and not by our own doing; one that was withdrawn with its entry closes nothing."""
    return flag.status == "inactive" and not flag.closed_by_rule


def _precedence(flag: PriorFlag) -> tuple[bool, bool, int, int]:
    """Of several received under one identifier: an open one, else one that a clinician closed, else the newest."""
    return flag.status != "active", not _is_closed_by_clinician(flag), -(flag.end or 0), flag.entry


def priority_of(flag: PriorFlag, rule: Rule) -> Priority:
    """The priority a received flag carries, else the one its rule has."""
    return Priority(flag.priority) if flag.priority in Priority.__members__ else rule.priority


def _closed_text(flag: PriorFlag) -> str:
    when = f" on {iso(flag.end)}" if flag.end is not None else ""
    return f"closed by a clinician{when}"
