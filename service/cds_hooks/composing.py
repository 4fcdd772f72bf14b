"""The answer to a hook: its cards in order, and what a client that asked for it may do by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from service.cds_hooks import details
from service.cds_hooks.cards import Card, finding_card, missing_card, repeated_card, rest_card, undecided_card
from service.cds_hooks.ranking import ranked
from service.cds_hooks.suggestions import Stored, actions, suggest
from service.cds_hooks.uuids import card_uuid
from service.domain.findings import FlagState
from service.domain.outcome import Want
from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.cds_hooks.gathering import Gathered
    from service.domain.findings import Assessment, FlagFinding, RuleResult
    from service.domain.rule import Rule
    from service.domain.ruleset import RuleSet
    from service.fhir.writing.answer import Entry
    from service.settings import Settings

_encode: Final = msgspec.json.Encoder().encode
_REST, _MISSING, _UNDECIDED, _REPEATED = "rest", "missing", "undecided", "repeated"


class Found(NamedTuple):
    """What is known before anything is shown; `entries` are the resources of the answer as they would be stored."""

    gathered: Gathered
    assessment: Assessment
    entries: Sequence[Entry]
    verdicts: tuple[tuple[str, str], ...]
    received: int


class HookAnswer(NamedTuple):
    """The body of the answer, and what may be told of it without reading it: no patient is in it.

    `cards` are (rule name or what the card is about, indicator) pairs. `is_wrapped`: the client sends its prefetch as
    the first version of CDS Hooks had it.
    """

    body: bytes
    cards: tuple[tuple[str, str], ...]
    verdicts: tuple[tuple[str, str], ...]
    entries: int
    urgent: bool
    is_wrapped: bool


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
        told = _Telling(self, found, instance, repeated).cards()
        answer: dict[str, Any] = {"cards": [card for _, card in told]}
        closing = actions(found.assessment, found.entries).closing if closes else ()
        if closing:
            answer["systemActions"] = closing
        return HookAnswer(
            _encode(answer),
            tuple((name, card["indicator"]) for name, card in told),
            found.verdicts,
            found.received,
            found.assessment.urgent,
            any(part.wrapped for part in found.gathered.parts),
        )


class _Telling:
    """One answer: each card under the name that it is counted by."""

    def __init__(self, composer: Composer, found: Found, instance: str, repeated: frozenset[str]) -> None:
        self._composer = composer
        self._found = found
        self._instance = instance
        self._repeated = repeated
        self._missing = found.gathered.missing

    def cards(self) -> list[tuple[str, Card]]:
        """The findings, the gravest first, and then what is to be known of the whole."""
        flags = self._found.assessment.flags
        alone, together = ranked(flag for flag in flags if _is_shown(flag, self._repeated))
        stored = actions(self._found.assessment, self._found.entries)
        cards = [self._finding(of_rule, stored, is_first=not at) for at, of_rule in enumerate(alone)]
        if together:
            card = rest_card(self._uuid(_REST), together, details.of_rest(together))
            cards.append((_REST, card))
        return [*cards, *self._unread(), *self._unchanged()]

    def _finding(self, flags: Sequence[FlagFinding], stored: Stored, *, is_first: bool) -> tuple[str, Card]:
        first, composer = flags[0], self._composer
        uuid, *others = (self._uuid(first.identifier, first.rule, part) for part in range(3))
        suggestions = suggest(stored, flags, with_plan=is_first, uuids=others)
        detail = details.of_findings(flags, self._found.assessment.chart, self._missing)
        card = finding_card(uuid, flags, detail, suggestions, composer.launch)
        return first.rule.name, card

    def _unread(self) -> list[tuple[str, Card]]:
        """What could not be told for want of data."""
        unsafe = [part.template.words for part in self._missing if part.template.is_safety]
        if unsafe:
            return [(_MISSING, missing_card(self._uuid(_MISSING), unsafe, details.of_missing(self._missing)))]
        undecided = [result for result in self._found.assessment.results if _is_open(result)]
        if not undecided:
            return []
        titles, detail = [result.rule.title for result in undecided], details.of_undecided(undecided, self._missing)
        return [(_UNDECIDED, undecided_card(self._uuid(_UNDECIDED), titles, detail))]

    def _unchanged(self) -> list[tuple[str, Card]]:
        """What was told before, for sites that want to be reminded."""
        flags = [flag for flag in self._found.assessment.flags if flag.identifier in self._repeated]
        if not flags or not self._composer.tells_repeats:
            return []
        card = repeated_card(self._uuid(_REPEATED), flags, details.of_rest(flags))
        return [(_REPEATED, card)]

    def _uuid(self, whose: str, rule: Rule | None = None, part: int = 0) -> str:
        composer = self._composer
        return card_uuid(composer.key, rule, composer.rule_set, self._instance, whose, part)


def _is_shown(flag: FlagFinding, repeated: frozenset[str]) -> bool:
    """New or changed; what warns of danger as long as it is open."""
    if flag.state is FlagState.UNCHANGED:
        return flag.rule.safety
    return flag.state is FlagState.ACTIVE and flag.identifier not in repeated


def _is_open(result: RuleResult) -> bool:
    """Undecided for want of data that could not be had, and of nothing else."""
    if result.verdict is not Verdict.UNKNOWN or result.rule.safety or result.outcome is None:
        return False
    lacks = result.outcome.lacks
    return bool(lacks) and all(lack.want is Want.NOT_COVERED for lack in lacks)
