"""The answer to a hook: its cards in order, and what a client that asked for it may do by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from service.assessment.verdicts import shadow_of, unknown_of
from service.cds_hooks import details
from service.cds_hooks.cards import (
    Card,
    finding_card,
    missing_card,
    repeated_card,
    rest_card,
    undecided_card,
    unjudged_card,
)
from service.cds_hooks.ranking import Ranked, ranked
from service.cds_hooks.suggestions import Stored, actions, suggest
from service.cds_hooks.told import told_of
from service.cds_hooks.uuids import card_uuid
from service.domain.findings import FlagState
from service.domain.outcome import Want
from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from service.assessment.recording import Decided
    from service.cds_hooks.gathering import Gathered
    from service.domain.findings import Assessment, FlagFinding, RuleResult
    from service.domain.rule import Rule
    from service.domain.ruleset import RuleSet
    from service.fhir.writing.answer import Entry
    from service.settings import Settings

_encode: Final = msgspec.json.Encoder().encode
_UNPLACED: Final = frozenset({Want.UNREADABLE, Want.UNDATED})
_REST, _MISSING, _UNDECIDED, _REPEATED, _UNJUDGED = "rest", "missing", "undecided", "repeated", "unjudged"


class Found(NamedTuple):
    """What is known before anything is shown; `entries` are the resources of the answer as they would be stored.

    `said` is what open Flags of the record say, by identifier.
    """

    gathered: Gathered
    assessment: Assessment
    entries: Sequence[Entry]
    verdicts: tuple[tuple[str, str], ...]
    received: int
    said: Mapping[str, str]


async def _nothing() -> None:
    """Where nobody is known, nothing is remembered."""


class HookAnswer(NamedTuple):
    """The body of the answer, and what may be told of it without reading it: no patient is in it.

    `cards` are (rule name or what the card is about, indicator) pairs. `is_wrapped`: the client sends its prefetch as
    the first version of CDS Hooks had it. `alone` are the findings that have a card of their own, `told` says of each
    of all findings how it was told; `remember` is to be called once the answer was sent.
    """

    body: bytes
    cards: tuple[tuple[str, str], ...]
    verdicts: tuple[tuple[str, str], ...]
    entries: int
    urgent: bool
    is_wrapped: bool
    alone: tuple[FlagFinding, ...]
    told: tuple[str, ...]
    shadow: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    decided: Decided | None = None
    remember: Callable[[], Awaitable[None]] = _nothing


class Composer:
    """Writes answers; what is the same in all of them is read from the settings once."""

    def __init__(self, settings: Settings, rule_set: RuleSet, key: bytes) -> None:
        """`key` signs the uuids of cards, by which feedback finds its rule."""
        self.rule_set = rule_set
        self.key = key
        self.launch = settings.cds_launch_url or ""
        self.tells_repeats = settings.cds_repeats == "info"

    def compose(self, found: Found, instance: str, repeated: frozenset[str], *, closes: bool) -> HookAnswer:
        """The answer to one call of a hook, `instance`.

        `repeated` are identifiers of findings that were shown before. `closes`: the client takes system actions.
        """
        stored = actions(found.assessment, found.entries)
        shown = ranked(flag for flag in found.assessment.flags if _is_shown(flag, repeated))
        telling = _Telling(self, found, instance, shown, stored)
        told = telling.cards(repeated)
        answer: dict[str, Any] = {"cards": [card for _, card in told]}
        if closes and stored.ending:
            answer["systemActions"] = stored.ending
        return HookAnswer(
            _encode(answer),
            tuple((name, card["indicator"]) for name, card in told),
            found.verdicts,
            found.received,
            found.assessment.urgent,
            any(part.wrapped for part in found.gathered.parts),
            tuple(flag for of_rule in shown.alone for flag in of_rule),
            told_of(found.assessment.flags, shown, telling.reminded(repeated), repeated),
            shadow_of(found.assessment),
            unknown_of(found.assessment),
        )


class _Telling:
    """One answer: each card under the name that it is counted by."""

    def __init__(self, composer: Composer, found: Found, instance: str, shown: Ranked, stored: Stored) -> None:
        self._composer = composer
        self._found = found
        self._instance = instance
        self._shown = shown
        self._stored = stored
        self._missing = found.gathered.missing

    def cards(self, repeated: frozenset[str]) -> list[tuple[str, Card]]:
        """The findings, the gravest first, and then what is to be known of the whole."""
        alone, together = self._shown
        offering = next((of_rule for of_rule in alone if self._offers_plan(of_rule)), ())
        cards = [self._finding(of_rule, with_plan=of_rule is offering) for of_rule in alone]
        if together:
            cards.append((_REST, rest_card(self._uuid(_REST), together, details.of_rest(together))))
        return [*cards, *self._unread(), *self._unchanged(repeated), *self._unjudged()]

    def _offers_plan(self, flags: Sequence[FlagFinding]) -> bool:
        """A card about a flag that the plan answers, where every such flag is shown, or in the record already."""
        plan = self._found.assessment.plan
        if plan is None or not self._stored.plan:
            return False
        shown = {flag.identifier for flag in self._flags_shown()}
        answered = {flag.identifier for flag in plan.flags}
        whole = all(flag.prior is not None or flag.identifier in shown for flag in plan.flags)
        return whole and any(flag.identifier in answered for flag in flags)

    def _flags_shown(self) -> list[FlagFinding]:
        return [*(flag for of_rule in self._shown.alone for flag in of_rule), *self._shown.together]

    def _finding(self, flags: Sequence[FlagFinding], *, with_plan: bool) -> tuple[str, Card]:
        first, found = flags[0], self._found
        uuid, *others = (self._uuid(first.identifier, first.rule, part) for part in range(3))
        suggestions = suggest(self._stored, flags, self._flags_shown() if with_plan else None, others)
        detail = details.of_findings(flags, found.assessment.chart, self._missing, found.said)
        return first.rule.name, finding_card(uuid, flags, detail, suggestions, self._composer.launch)

    def _unread(self) -> list[tuple[str, Card]]:
        """What could not be told: of danger by a warning, of anything else by a notice."""
        results = self._found.assessment.results
        unsafe = [part.template.words for part in self._missing if part.template.is_safety]
        unplaced = [result for result in results if _is_unplaced(result)]
        if unsafe or unplaced:
            words = unsafe or [result.rule.title for result in unplaced]
            detail = details.of_missing(self._missing, unplaced)
            return [(_MISSING, missing_card(self._uuid(_MISSING), words, detail))]
        undecided = [result for result in results if _is_open(result)]
        if not undecided:
            return []
        titles, detail = [result.rule.title for result in undecided], details.of_undecided(undecided, self._missing)
        return [(_UNDECIDED, undecided_card(self._uuid(_UNDECIDED), titles, detail))]

    def _unchanged(self, repeated: frozenset[str]) -> list[tuple[str, Card]]:
        flags = self.reminded(repeated)
        if not flags:
            return []
        return [(_REPEATED, repeated_card(self._uuid(_REPEATED), flags, details.of_rest(flags)))]

    def reminded(self, repeated: frozenset[str]) -> list[FlagFinding]:
        """What was told before, for sites that want to be reminded."""
        if not self._composer.tells_repeats:
            return []
        shadow = {result.rule.name for result in self._found.assessment.shadow}
        return [
            flag
            for flag in self._found.assessment.flags
            if flag.identifier in repeated and flag.rule.name not in shadow
        ]

    def _unjudged(self) -> list[tuple[str, Card]]:
        """Why no rule was evaluated at all: an empty list would look as if all had been."""
        assessment = self._found.assessment
        if assessment.results:
            return []
        return [(_UNJUDGED, unjudged_card(self._uuid(_UNJUDGED), details.of_notices(assessment.notices)))]

    def _uuid(self, whose: str, rule: Rule | None = None, part: int = 0) -> str:
        composer = self._composer
        return card_uuid(composer.key, rule, composer.rule_set, self._instance, whose, part)


def _is_shown(flag: FlagFinding, repeated: frozenset[str]) -> bool:
    """New or changed; what warns of danger as long as it is open."""
    if flag.state is FlagState.UNCHANGED:
        return flag.rule.safety
    return flag.state is FlagState.ACTIVE and flag.identifier not in repeated


def _is_unplaced(result: RuleResult) -> bool:
    """A rule that warns of danger is undecided because of an entry that is there and cannot be read or dated."""
    return result.rule.safety and not _wants(result).isdisjoint(_UNPLACED)


def _is_open(result: RuleResult) -> bool:
    """Undecided for want of data that could not be had, and of nothing else."""
    return not result.rule.safety and _wants(result) == {Want.NOT_COVERED}


def _wants(result: RuleResult) -> set[Want]:
    """Why a rule is undecided; empty for one that is not."""
    if result.verdict is not Verdict.UNKNOWN or result.outcome is None:
        return set()
    return {lack.want for lack in result.outcome.lacks}
