"""The life of flags over repeated evaluations: kept, cleared, merged, retracted, or left as a clinician left them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain.anchors import AnchorKind, EachEntry
from service.domain.closing import (
    CLEARED,
    MERGED,
    OPEN,
    PART_OF,
    WITHDRAWN,
    closed_text,
    is_closed_by_clinician,
    may_go_on,
    precedence,
)
from service.domain.days import EARLIEST, iso
from service.domain.evaluation.scope import MET, At, Scope
from service.domain.findings import FlagFinding, FlagState
from service.domain.identity import MOST_DELETED, identifiers_from
from service.domain.recognition import is_named, is_new, is_withdrawn, name_of, sources_in, withdrawn_from
from service.domain.rule import PRIORITY_ORDER, Priority
from service.domain.wording import FOOTER

if TYPE_CHECKING:
    from service.domain.facts import PriorFlag, Source
    from service.domain.raising import Raised
    from service.domain.rule import Rule

NO_LONGER_OPEN: Final = "{title}: no longer open ({reason}) as of {day}."
WITHDRAWN_TEXT: Final = "The entry it rested on was withdrawn (entered in error)."


class Closed(NamedTuple):
    """A finding that a clinician closed, and that has no new evidence."""

    rule: Rule
    text: str
    evidence: tuple[Source, ...]


class Ledger:
    """Decides, flag by flag, what becomes of the findings and of the flags that came with the data."""

    def __init__(self, scope: Scope, rules: dict[str, Rule], part_of: dict[str, str]) -> None:
        """`rules` are those that are off or in shadow too; `part_of` maps a contributing rule to what it is part of."""
        self._scope = scope
        self._rules = rules
        self._part_of = part_of
        self._own = [flag for flag in scope.timeline.chart.flags if flag.rule in rules]
        self._held = {flag.identifier for flag in self._own}
        self._deleted = scope.timeline.chart.deleted
        self._settled: set[int] = set()
        self.findings: list[FlagFinding] = []
        self.closed: list[Closed] = []

    def raise_flag(self, new: Raised, cleared_by: str, contributing: tuple[str, ...]) -> None:
        """Takes one finding: under an adopted or its own identifier, unless a clinician has closed it."""
        adopted = self._adopted(new) if new.rule.anchor.kind is AnchorKind.STATE else None
        *held, unused = self._identifiers(new.rule, new.identifier if adopted is None else adopted.identifier)
        start = new.anchor if adopted is None else adopted.start
        same = sorted((flag for flag in self._own if flag.identifier in held), key=precedence)
        prior = adopted or self._prior(new, same)
        if prior is None or prior.status != OPEN:
            closed = next((flag for flag in same if _is_closed_for(new, flag)), None)
            if closed is not None:
                self.closed.append(Closed(new.rule, closed_text(closed), new.evidence))
                return
        if prior is not None:
            self._settled.add(prior.entry)
        self._merge([flag for flag in same if flag.status == OPEN])
        if new.rule.anchor.kind is AnchorKind.STATE:
            # What was withdrawn was an error, and no part of any episode.
            self._merge([flag for flag in self._open_flags(new.rule) if not self._is_withdrawn(flag)])
        self.findings.append(
            FlagFinding(
                new.rule,
                unused if prior is None else prior.identifier,
                FlagState.ACTIVE,
                new.priority,
                start,
                None,
                new.sentence,
                new.cited,
                cleared_by,
                "",
                contributing,
                prior,
            )
        )

    def _identifiers(self, rule: Rule, first: str) -> list[str]:
        """The identifiers under which a finding came, each raised beside the one before, and the next one.

        Of a safety rule those that were deleted may be missing in between.
        """
        if not rule.safety:
            return identifiers_from(first, self._held)
        return identifiers_from(first, self._held, self._deleted, MOST_DELETED if self._held else 0)

    def _prior(self, new: Raised, flags: list[PriorFlag]) -> PriorFlag | None:
        """The first flag that the finding may go on with; one that somebody has in hand after those we may change.

        What says less than is found now, and cannot be changed, stands as it is, and the finding beside it.
        """
        may = [flag for flag in flags if may_go_on(flag) and not (self._is_in_hand(flag) and _says_less(flag, new))]
        return min(may, key=lambda flag: (flag.status != OPEN, self._is_in_hand(flag)), default=None)

    def _is_in_hand(self, flag: PriorFlag) -> bool:
        """Whether a flag of a safety rule says what it says until whoever has it in hand is done."""
        return flag.in_hand and self._rules[flag.rule].safety

    def _adopted(self, new: Raised) -> PriorFlag | None:
        """The earliest open flag of the same episode that began no later than the finding."""
        anchor = EARLIEST if new.anchor is None else new.anchor
        earlier = [flag for flag in self._open_flags(new.rule) if flag.start is not None and flag.start <= anchor]
        return min(earlier, key=lambda flag: (flag.start or 0, flag.identifier), default=None)

    def _open_flags(self, rule: Rule) -> list[PriorFlag]:
        """The open flags of the episode that goes on: whatever their start, they have not cleared since."""
        return [
            flag
            for flag in self._own
            if flag.rule == rule.name
            and flag.status == OPEN
            and flag.start is not None
            and not self._is_cleared(rule, flag)
        ]

    def _merge(self, flags: list[PriorFlag]) -> None:
        """One episode has one open flag: the others close, but for what somebody has in hand."""
        for flag in flags:
            if flag.entry not in self._settled and not self._is_in_hand(flag):
                self._close(flag, MERGED)

    def settle_rest(self) -> None:
        """Every own flag that no finding took: retracted, part of another, cleared, or open as it was."""
        for flag in self._own:
            if flag.entry not in self._settled and flag.status == OPEN:
                self._settle(flag)

    def _settle(self, flag: PriorFlag) -> None:
        rule = self._rules[flag.rule]
        # Flags whose own identifier is met do not come here, but for those of rules that are now part of another.
        # Those of rules that are off or in shadow do: what was withdrawn or has cleared ends all the same.
        if flag.rule not in self._part_of and self._is_withdrawn(flag):
            self._finish(flag, rule, FlagState.RETRACTED, WITHDRAWN_TEXT, WITHDRAWN)
        elif flag.rule in self._part_of:
            self._close(flag, PART_OF.format(rule=self._part_of[flag.rule]))
        elif self._is_cleared(rule, flag):
            self._close(flag, CLEARED)
        else:
            self._keep(flag, rule)

    def _is_withdrawn(self, flag: PriorFlag) -> bool:
        return is_withdrawn(flag, self._scope.timeline.chart, safety=self._rules[flag.rule].safety)

    def _is_cleared(self, rule: Rule, flag: PriorFlag) -> bool:
        """Never where more of what the flag rests on may exist than was received: it may say the opposite."""
        start = flag.start
        if rule.clears is None or start is None:
            # What is undated may be newer than anything that could clear it: a clinician closes it.
            return False
        if any(kind in name.split("/") for kind in self._scope.gaps for name in flag.evidence):
            return False
        return self._scope.check(rule.clears, At(start, start)).verdict is MET

    def _close(self, flag: PriorFlag, reason: str) -> None:
        rule = self._rules[flag.rule]
        sentence = NO_LONGER_OPEN.format(title=rule.title, reason=reason, day=iso(self._scope.today))
        self._finish(flag, rule, FlagState.INACTIVE, sentence, reason)

    def _finish(self, flag: PriorFlag, rule: Rule, state: FlagState, sentence: str, reason: str) -> None:
        # What began a day ahead in its own offset ends no earlier.
        end = max(self._scope.today, flag.start or EARLIEST) if state is FlagState.INACTIVE else flag.end
        self._settle_as(flag, rule, state, end, f"{sentence} {rule.limits} {FOOTER}", reason)

    def _keep(self, flag: PriorFlag, rule: Rule) -> None:
        kept = self._settle_as(flag, rule, FlagState.UNCHANGED, flag.end, "", "")
        kept.withdrawn = withdrawn_from(flag, self._scope.timeline.chart)
        kept.changed = self._changed(flag, rule)

    def _settle_as(
        self, flag: PriorFlag, rule: Rule, state: FlagState, end: int | None, sentence: str, reason: str
    ) -> FlagFinding:
        self._settled.add(flag.entry)
        priority = priority_of(flag, rule)
        settled = FlagFinding(
            rule, flag.identifier, state, priority, flag.start, end, sentence, (), "", reason, (), flag
        )
        self.findings.append(settled)
        return settled

    def _changed(self, flag: PriorFlag, rule: Rule) -> tuple[str, ...]:
        """What the flag names of what was updated after it was stored, or no longer says what it was raised for."""
        named = set(flag.evidence)
        sent = [source for source in sources_in(self._scope.timeline.chart) if name_of(source) in named]
        stored = flag.source.updated
        changed = {
            name_of(source)
            for source in sent
            if stored is not None and source.updated is not None and source.updated > stored
        }
        # Of a rule that only a clinician clears, each entry speaks for itself: it can be asked again as of its day.
        if rule.clears is None and flag.start is not None and any(isinstance(p, EachEntry) for p in rule.anchor.parts):
            changed |= set(map(name_of, sent)) - self._names_on(rule, flag.start)
        return tuple(name for name in dict.fromkeys(flag.evidence) if name in changed)

    def _names_on(self, rule: Rule, day: int) -> set[str]:
        """The entries of a day that would raise the rule on that day."""
        then = self._scope.on_day(day)
        entries = then.check(rule.when, then.now()).values.get("entries", ())
        return {name_of(entry.source) for entry in entries if entry.day == day}


def _is_closed_for(new: Raised, flag: PriorFlag) -> bool:
    """Whether a clinician closed all that the finding rests on."""
    safety = new.rule.safety
    return is_closed_by_clinician(flag) and not any(is_new(one, flag, safety=safety) for one in new.evidence)


def _says_less(flag: PriorFlag, new: Raised) -> bool:
    """Whether an open flag is of lower priority than what is found now, or does not name all of its evidence."""
    outweighed = PRIORITY_ORDER[new.priority] < PRIORITY_ORDER[priority_of(flag, new.rule)]
    return outweighed or not all(is_named(source, flag) for source in new.evidence)


def priority_of(flag: PriorFlag, rule: Rule) -> Priority:
    """The priority a received flag carries, else the one its rule has."""
    return Priority(flag.priority) if flag.priority in Priority.__members__ else rule.priority
