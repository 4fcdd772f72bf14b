"""What became of each resource that was to be written, and the issues that say so."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from service.fhir.addresses import ISSUE_SYSTEM
from service.fhir.outcomes import issue
from service.fhir.writing.reasons import known_reason

if TYPE_CHECKING:
    from service.fhir.writing.elements import Json


class Became(StrEnum):
    """What became of one resource; each is a code of ours that an issue carries."""

    CREATED = "write-created"
    CHANGED = "write-changed"
    UNCHANGED = "write-unchanged"
    DUPLICATE = "write-duplicate"
    UNCHECKED = "write-unchecked"
    NO_PROVENANCE = "write-no-provenance"
    LEFT = "write-left"
    CONFLICT = "write-conflict"
    REFUSED = "write-refused"
    UNANSWERED = "write-unanswered"
    UNREAD = "write-unread"
    NO_TARGET = "write-no-target"


STORED: Final = frozenset({Became.CREATED, Became.CHANGED})
# Where others may refer to it.
STANDING: Final = STORED | {Became.UNCHANGED}
NOT_STORED: Final = (Became.CONFLICT, Became.REFUSED, Became.UNANSWERED, Became.UNREAD)
_LASTING: Final = STORED | {Became.DUPLICATE, Became.UNCHECKED, Became.NO_PROVENANCE}
_INFORMATION, _WARNING, _ERROR = "information", "warning", "error"
_TOLD: Final = {
    Became.CREATED: (_INFORMATION, "{name} ({about}) was created."),
    Became.CHANGED: (_INFORMATION, "{name} ({about}) was changed."),
    Became.UNCHANGED: (_INFORMATION, "{name} ({about}) is stored as it is."),
    Became.DUPLICATE: (_WARNING, "{name} has the identifier of {about}, which stays: {reason}."),
    Became.UNCHECKED: (_WARNING, "{name} ({about}) was written; whether others wrote the same is not known: {reason}."),
    Became.NO_PROVENANCE: (_WARNING, "{name} ({about}) was written without its Provenance: {reason}."),
    Became.LEFT: (_WARNING, "{name} ({about}) was not written: {reason}."),
    Became.CONFLICT: (_ERROR, "{name} ({about}) was not written: {reason}."),
    Became.REFUSED: (_ERROR, "{name} ({about}) was not written: {reason}."),
    Became.UNANSWERED: (_ERROR, "{name} ({about}) may have been written or not: {reason}. Write again to see."),
    Became.UNREAD: (
        _ERROR,
        "Nothing was written: {name} could not be read in full, and what a clinician has closed might be opened again "
        "({reason}).",
    ),
    Became.NO_TARGET: (_ERROR, "Nothing was written to the FHIR server {name}: {reason}."),
}


class Stored(NamedTuple):
    """What became of one request to store: where the resource is, at which version, or why it is not.

    `deleted` says that it was there, and somebody has deleted it.
    """

    became: Became
    id: str = ""
    version: str = ""
    reason: str = ""
    deleted: bool = False


class Result(NamedTuple):
    """One resource: `name` is its reference, or its type where it has none; `about` names its rule.

    `as_set_up` says that the site wants it so: nothing is amiss.
    """

    became: Became
    name: str
    about: str = ""
    reason: str = ""
    as_set_up: bool = False

    @property
    def issue(self) -> Json:
        """The issue that tells it."""
        severity, text = _TOLD[self.became]
        said = text.format(name=self.name, about=self.about, reason=self.reason)
        spelled = issue(severity, known_reason(self.became).issue_type, said)
        spelled["details"]["coding"] = [{"system": ISSUE_SYSTEM, "code": self.became.value}]
        return spelled


class Report:
    """The results of one write, in the order of their first telling."""

    def __init__(self) -> None:
        self._results: dict[str, Result] = {}
        # The id of each stored resource by the address of its entry in an answer.
        self.ids: dict[str, str] = {}

    def begin_again(self) -> None:
        """Before a second try: what was done stays done, and what was not is open again."""
        self._results = {key: one for key, one in self._results.items() if one.became in _LASTING}

    def tell(self, key: str, result: Result) -> None:
        """`key` is the same for the same resource in a second try; what was created by the first was created."""
        before = self._results.get(key)
        if before is None or before.became is not Became.CREATED or result.became not in STANDING:
            self._results[key] = result

    def count(self, *kinds: Became) -> int:
        """How many became one of these, but for what the site wants so."""
        return sum(result.became in kinds and not result.as_set_up for result in self._results.values())

    @property
    def issues(self) -> list[Json]:
        """One issue for each."""
        return [result.issue for result in self._results.values()]
