"""What becomes of a finding whose resource cannot be changed: somebody is dealing with it, or has deleted it?"""

import pytest

from service.domain.facts import PriorFlag
from service.domain.findings import FlagState
from service.domain.identity import MOST_DELETED, identifiers_from, next_identifier
from tests.domain.asking import ago
from tests.domain.charts import answer, flag, flags, result, sent_back, with_flags

R01, R04 = "suicidality-recorded", "depression-with-low-grade-inflammation"
GRADE = "PHQ-9 12, 40 days ago; PHQ-9 13, 5 days ago; CRP 5 mg/L, 39 days ago; CRP 5 mg/L, 28 days ago"
HARM = "self harm, 3 days ago"
# Of a higher priority, and on more evidence; on more evidence alone.
WORSE, MORE = f"{HARM}; PHQ-9 item 9 = 3, 3 days ago", f"{HARM}; self harm, 3 days ago"
EVERY_STATE = None


def in_hand(given: str, rule: str = R01) -> PriorFlag:
    return sent_back(flag(answer(given), rule), in_hand=True)


def states(given: str, *prior: PriorFlag) -> dict[int | None, tuple[str, FlagState]]:
    """Identifier and state of each flag of the rule, by the entry that it continues."""
    found = flags(answer(with_flags(given, *prior)), R01, EVERY_STATE)
    return {None if one.prior is None else one.prior.entry: (one.identifier, one.state) for one in found}


def chain(first: str, length: int) -> list[str]:
    names = [first]
    while len(names) < length:
        names.append(next_identifier(names[-1]))
    return names


def test_what_says_all_that_is_found_is_what_the_finding_goes_on_with() -> None:
    held = in_hand(WORSE)
    for given in (WORSE, HARM):
        assert states(given, held) == {held.entry: (held.identifier, FlagState.ACTIVE)}


@pytest.mark.parametrize("given", [WORSE, MORE])
def test_what_says_less_stays_as_it_is_with_the_finding_beside_it_and_once(given: str) -> None:
    held = in_hand(HARM)
    beside = next_identifier(held.identifier)
    stays = {held.entry: (held.identifier, FlagState.UNCHANGED)}
    assert states(given, held) == stays | {None: (beside, FlagState.ACTIVE)}
    stored = sent_back(flag(answer(with_flags(given, held)), R01), 950)
    for order in ((held, stored), (stored, held), (held._replace(entry=960), stored)):
        kept = {order[0].entry if order[0].in_hand else order[1].entry: (held.identifier, FlagState.UNCHANGED)}
        assert states(given, *order) == kept | {950: (beside, FlagState.ACTIVE)}


def test_a_higher_priority_on_the_same_evidence_stands_beside_it() -> None:
    held = in_hand(WORSE)._replace(priority="PM")
    assert states(WORSE, held)[None] == (next_identifier(held.identifier), FlagState.ACTIVE)


def test_what_stands_beside_is_in_hand_as_well() -> None:
    held = in_hand(HARM)
    beside = sent_back(flag(answer(with_flags(WORSE, held)), R01), 950, in_hand=True)
    unchanged = {held.entry: (held.identifier, FlagState.UNCHANGED)}
    assert states(WORSE, held, beside) == unchanged | {950: (beside.identifier, FlagState.ACTIVE)}
    third = states(f"{WORSE}; C-SSRS 2 = yes, 3 days ago", held, beside)
    assert third == unchanged | {
        950: (beside.identifier, FlagState.UNCHANGED),
        None: (next_identifier(beside.identifier), FlagState.ACTIVE),
    }


def test_what_stands_beside_and_a_clinician_has_ended_stays_ended_on_the_same_evidence() -> None:
    held = in_hand(HARM)
    beside = sent_back(
        flag(answer(with_flags(WORSE, held)), R01), 950, status="inactive", end=ago(1), stays_closed=True
    )
    found = answer(with_flags(WORSE, held, beside))
    assert not flags(found, R01)
    assert result(found, R01).because == "closed-by-clinician"
    third = flag(answer(with_flags(f"{WORSE}; C-SSRS 2 = yes, 3 days ago", held, beside)), R01)
    assert (third.prior, third.identifier) == (None, next_identifier(beside.identifier))


def test_when_less_is_found_again_what_stands_beside_says_so_and_neither_closes() -> None:
    held = in_hand(HARM)
    beside = sent_back(flag(answer(with_flags(WORSE, held)), R01), 950)
    assert states(HARM, held, beside) == {
        held.entry: (held.identifier, FlagState.UNCHANGED),
        950: (beside.identifier, FlagState.ACTIVE),
    }


def test_of_a_rule_that_is_no_safety_rule_the_finding_goes_on_with_what_is_in_hand() -> None:
    held = in_hand(GRADE, R04)
    found = flag(answer(with_flags(f"{GRADE}; PHQ-9 15, 2 days ago", held)), R04, EVERY_STATE)
    assert (found.state, found.prior) == (FlagState.ACTIVE, held)


class TestDeleted:
    """Somebody has deleted the resource of a finding."""

    def test_a_safety_finding_stands_beside_all_that_were(self) -> None:
        first = flag(answer(HARM), R01).identifier
        names = chain(first, 3)
        for deleted in range(3):
            found = flag(answer(HARM, deleted=frozenset(names[:deleted])), R01)
            assert (found.identifier, found.prior) == (names[deleted], None)

    def test_what_stands_beside_them_is_found_again_without_knowing_of_them(self) -> None:
        first = flag(answer(HARM), R01)
        names = chain(first.identifier, MOST_DELETED + 2)
        for missing in range(1, MOST_DELETED + 1):
            beside = sent_back(first, identifier=names[missing])
            found = flag(answer(with_flags(HARM, beside)), R01, EVERY_STATE)
            assert (found.identifier, found.prior) == (names[missing], beside)
        far = sent_back(first, identifier=names[MOST_DELETED + 1])
        assert flag(answer(with_flags(HARM, far)), R01).identifier == first.identifier

    def test_what_was_deleted_beside_an_error_is_passed_over(self) -> None:
        error = sent_back(flag(answer(HARM), R01), status="entered-in-error")
        names = chain(error.identifier, 3)
        found = flag(answer(with_flags(WORSE, error, deleted=frozenset(names[1:2]))), R01)
        assert found.identifier == names[2]
        again = flag(answer(with_flags(WORSE, error, sent_back(found, 950))), R01)
        assert (again.identifier, again.prior is None) == (names[2], False)

    def test_another_finding_stays_under_its_identifier(self) -> None:
        first = flag(answer(GRADE), R04)
        assert flag(answer(GRADE, deleted=frozenset([first.identifier])), R04).identifier == first.identifier
        other = sent_back(first, identifier=next_identifier(first.identifier), status="inactive", end=ago(1))
        assert flag(answer(with_flags(GRADE, other)), R04).identifier == first.identifier


def test_the_identifier_to_use_comes_after_all_that_are_there() -> None:
    a, b, c, d = chain("a" * 40, 4)
    assert identifiers_from(a, set()) == [a]
    assert identifiers_from(a, {a, b}) == [a, b, c]
    assert identifiers_from(a, {b}) == [a]
    assert identifiers_from(a, {a, c}, {b}) == [a, c, d]
    assert identifiers_from(a, {a, c}, most_missing=1) == [a, c, d]
    assert identifiers_from(a, {a}, most_missing=1) == [a, b]
