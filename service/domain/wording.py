"""Fixed wording that clinicians read with every flag and plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from service.domain.interval import Interval

FOOTER: Final = (
    "Decision support for a qualified clinician. It does not diagnose and does not propose starting, stopping or "
    "changing any medicine. Decide case by case."
)

CRISIS_CONTACTS: Final = {
    # The US numbers are public services: 988 Suicide & Crisis Lifeline; Crisis Text Line.
    "US": "Crisis contacts: 988 (call or text); Crisis Text Line: text HOME to 741741.",
}
LOCAL_CRISIS: Final = "Crisis contact: the local emergency number."
AGE_UNKNOWN: Final = "The patient's age is not known; adult rules were used."
PRORATED: Final = "The score was prorated from an incomplete response."
WEAK_BASELINE: Final = "The comparison is weak: the earlier score is older than the usual look-back, or there is none."
CONTRIBUTING: Final = "Also met and part of this: {rules}."
NONE_RECORDED: Final = "Statements about what was not recorded hold for the data supplied."


def crisis_contact(locale: str) -> str:
    """The contact line of a locale (`en-US` or `US`); the local emergency number where none is listed."""
    region = locale.replace("_", "-").rsplit("-", 1)[-1].upper()
    return CRISIS_CONTACTS.get(region, LOCAL_CRISIS)


def shown(value: Interval | None) -> str:
    """A result's interval as people write it: `4.2`, `<5`, `>300`, `3 to 5`."""
    if value is None:
        return "not readable"
    if value.is_exact:
        return f"{value.low.normalize():f}"
    if value.high is None:
        return f"{'>' if value.low_open else '>='}{value.low.normalize():f}"
    if value.low == 0:
        return f"{'<' if value.high_open else '<='}{value.high.normalize():f}"
    return f"{value.low.normalize():f} to {value.high.normalize():f}"
