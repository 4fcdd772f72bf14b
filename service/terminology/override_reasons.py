"""The content of CodeSystem/override-reason: why a clinician passes over a card; clients offer these as they are."""

from __future__ import annotations

from typing import Final, NamedTuple

from service.terminology.systems import OVERRIDE_REASON


class OverrideReason(NamedTuple):
    """One code with the words that a clinician chooses it by, and what it means."""

    code: str
    display: str
    definition: str

    @property
    def coding(self) -> dict[str, str]:
        """The reason as a card offers it."""
        return {"system": OVERRIDE_REASON, "code": self.code, "display": self.display}


OVERRIDE_REASONS: Final = (
    OverrideReason("already-known", "Already known", "This was known and is being dealt with."),
    OverrideReason("not-now", "Not now", "This is not for this contact; it may be shown again at another."),
    OverrideReason("disagree", "I disagree", "The data are right, and what the card makes of them is not."),
    OverrideReason("data-wrong", "The data are wrong", "The card rests on data that are wrong, missing or outdated."),
    OverrideReason("patient-declined", "The patient declined", "It was offered to the patient, who does not want it."),
)
