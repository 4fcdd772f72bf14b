"""Codes that public feeds use for something they are not: refused on purpose, with the reason."""

from __future__ import annotations

from typing import Final, NamedTuple

from service.terminology.systems import LOINC, SNOMED


class Trap(NamedTuple):
    """One code that is refused: what it is seen as, why that is wrong, and what to send instead (if any)."""

    system: str
    code: str
    seen_as: str
    reason: str
    instead: str = ""

    @property
    def text(self) -> str:
        """The refusal in one sentence."""
        remedy = f"; send {self.instead}" if self.instead else ""
        return f"{self.code} is not read as {self.seen_as}: {self.reason}{remedy}"


_CHECK_DIGIT: Final = "the check digit is wrong, so no such code exists"


def _trap(code: str, seen_as: str, reason: str, instead: str = "") -> Trap:
    return Trap(LOINC, code, seen_as, reason, instead)


TRAPS: Final = (
    _trap("44261-8", "PHQ-9 total score", _CHECK_DIGIT, "44261-6"),
    *(
        _trap(code, "a PROMIS-29 score", _CHECK_DIGIT, "71965-8, 71967-4 or 71963-3")
        for code in (
            "71958-6",
            "71953-7",
            "71962-8",
            "71959-4",
            "71964-4",
            "71965-1",
            "71961-0",
            "71966-9",
        )
    ),
    _trap("71968-2", "PROMIS-29 anxiety T-score", "it is the raw score, which is on another scale", "71967-4"),
    _trap(
        "71969-0",
        "PROMIS depression T-score",
        "it is the PROMIS-10 Global Mental Health T-score",
        "77861-3 or 71965-8",
    ),
    _trap("73831-0", "PHQ-8 total score", "it is 'Adolescent depression screening assessment'"),
    _trap("69730-0", "GAD-7 total score", "nothing supports that meaning", "70274-6"),
    _trap("58148-8", "PHQ-2 total score", "nothing supports that meaning", "55758-7"),
    _trap(
        "89208-3",
        "Beck Depression Inventory total score",
        "it belongs to the Fast Screen (0-21), not to the inventory of 0-63",
        "89209-1",
    ),
    _trap("97903-9", "MFIS or FSS", "it is the fatigue score of another instrument (R-Outcomes)"),
    _trap("99771-2", "serum neurofilament light chain", _CHECK_DIGIT, "101281-4"),
    _trap("82293-6", "serum neurofilament light chain", _CHECK_DIGIT, "101281-4"),
    _trap("94505-5", "serum neurofilament light chain", "nothing supports that meaning", "101281-4"),
    _trap("3167-4", "TNF-alpha", "laboratories use 3074-2 for it, and no rule reads it"),
    _trap("LP241977-0", "EDSS", "it is a LOINC part, not the code of an observation", "SNOMED CT 273554001"),
    Trap(
        SNOMED,
        "761873006",
        "MADRS score",
        "it is the procedure of assessing, not the score",
    ),
)
