"""Are codes that feeds use wrongly refused, with a reason?"""

import pytest

from service.terminology import LOINC, SNOMED, Terminology
from service.terminology.traps import TRAPS, Trap

KNOWN = Terminology.default()


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.code)
def test_trap_is_refused(trap: Trap) -> None:
    assert KNOWN.trap(trap.system, trap.code) == trap
    assert (trap.system, trap.code) not in KNOWN.lookup
    assert KNOWN.concepts(trap.system, trap.code) == frozenset()
    assert trap.text.startswith(f"{trap.code} is not read as {trap.seen_as}: ")


def test_every_code_seen_in_the_wrong_place_is_listed() -> None:
    promis = "71958-6 71953-7 71962-8 71959-4 71964-4 71965-1 71961-0 71966-9 71968-2 71969-0"
    others = "44261-8 73831-0 69730-0 58148-8 89208-3 97903-9 99771-2 82293-6 94505-5 3167-4 LP241977-0"
    assert {trap.code for trap in TRAPS} == {*promis.split(), *others.split(), "761873006"}


@pytest.mark.parametrize("code", ["44249-1", "69737-5", "55757-9", "55758-7", "26881-3", "69736-7", "69689-8"])
def test_a_right_code_seen_in_the_wrong_place_is_read_as_what_it_is(code: str) -> None:
    assert KNOWN.trap(LOINC, code) is None
    assert (LOINC, code) in KNOWN.lookup


def test_codes_to_send_instead_are_read() -> None:
    for trap in TRAPS:
        for word in trap.instead.split():
            if word[0].isdigit():
                system = SNOMED if "-" not in word else LOINC
                assert (system, word.strip(",")) in KNOWN.lookup


def test_texts() -> None:
    typo = KNOWN.trap(LOINC, "44261-8")
    assert typo is not None
    assert typo.text == (
        "44261-8 is not read as PHQ-9 total score: the check digit is wrong, so no such code exists; send 44261-6"
    )
    phq8 = KNOWN.trap(LOINC, "73831-0")
    assert phq8 is not None
    assert phq8.text.endswith("'Adolescent depression screening assessment'")
    assert KNOWN.trap(LOINC, "44261-6") is None
