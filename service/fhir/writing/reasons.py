"""Why something in the data was refused: the FHIR issue type and the meaning of each of our own codes."""

from __future__ import annotations

from typing import Final, NamedTuple

from service.fhir.reading.account import Reason


class Known(NamedTuple):
    """A code of ours as it is told to the caller."""

    issue_type: str
    meaning: str


REASONS: Final[dict[Reason, Known]] = {
    Reason.WRONG_TYPE: Known("structure", "An element has a value of the wrong JSON type."),
    Reason.TOO_DEEP: Known("structure", "The resource nests deeper than is read."),
    Reason.STRICT: Known("structure", "In strict mode: the resource is not valid FHIR."),
    Reason.MODIFIER: Known("extension", "A modifier extension that is not known could change the meaning."),
    Reason.IMPLICIT_RULES: Known("not-supported", "The resource was made under rules that are not known here."),
    Reason.NOT_DONE: Known("business-rule", "What the resource describes was not done."),
    Reason.DO_NOT_PERFORM: Known("business-rule", "The request is a prohibition."),
    Reason.INTENT: Known("business-rule", "The intent of the request is no order."),
    Reason.REFUTED: Known("business-rule", "The condition was refuted."),
    Reason.NO_SUBJECT: Known("required", "The resource does not say whom it is about."),
    Reason.NOT_A_PATIENT: Known("value", "The subject is no patient."),
    Reason.ABOUT_ANOTHER: Known("business-rule", "The focus is not the patient."),
    Reason.NO_DATE: Known("required", "A date is needed and missing."),
    Reason.BAD_DATE: Known("value", "A date is not spelled as FHIR spells dates, or does not exist."),
    Reason.NO_VALUE: Known("required", "There is no value."),
    Reason.BAD_VALUE: Known("value", "The value cannot be read."),
    Reason.ABSENT: Known("value", "The value is absent, with a reason."),
    Reason.UNIT: Known("code-invalid", "The unit is missing or not one that can be converted."),
    Reason.COMPARATOR: Known("value", "The comparator cannot be used here."),
    Reason.OUT_OF_RANGE: Known("value", "The value is not plausible."),
    Reason.CODE: Known("code-invalid", "The code is missing, or known to be used wrongly."),
    Reason.NOT_COMPARABLE: Known("not-supported", "The result cannot be compared with others of its name."),
    Reason.DUPLICATE: Known("duplicate", "The same resource came more than once."),
    Reason.SUPERSEDED: Known("duplicate", "A later version of the resource came as well."),
}
# What is of note about data that are used, by the code of its DataIssue.
DATA_ISSUES: Final[dict[str, Known]] = {
    "panel-value-as-total": Known("processing", "A value on the code of a panel is read as the total score."),
    "total-differs-from-items": Known("processing", "A total differs from the sum of its items; the higher is used."),
    "rival-values": Known("processing", "Two totals that differ have the same time; the worse is used."),
    "later-than-as-of": Known("processing", "An entry about suicide is dated after the as-of time and left out."),
}
# What became of a resource that was to be written.
WRITTEN: Final[dict[str, Known]] = {
    "write-created": Known("informational", "The resource was stored."),
    "write-changed": Known("informational", "The stored resource was changed."),
    "write-unchanged": Known("informational", "The stored resource says what is to be said."),
    "write-duplicate": Known("duplicate", "Two open resources have one identifier; what somebody has changed stays."),
    "write-unchecked": Known("incomplete", "Whether another writer stored the same could not be looked up."),
    "write-no-provenance": Known("incomplete", "The resource was stored, and its Provenance was not."),
    "write-left": Known("business-rule", "The stored resource is not ours to change."),
    "write-conflict": Known("conflict", "The resource was changed by somebody else meanwhile."),
    "write-refused": Known("processing", "The resource was not stored."),
    "write-unanswered": Known("transient", "Whether the resource was stored is not known."),
    "write-unread": Known("incomplete", "What was stored earlier could not be read, so that nothing was stored."),
    "write-no-target": Known("not-supported", "The server takes none of what could be stored."),
}
# The topic of a card about data that could not be had.
NOT_READ: Final = "data-not-read"
_CARDS: Final = {NOT_READ: Known("incomplete", "Data that rules read could not be had.")}
# Any other status is told as status-other.
_STATUSES: Final = (
    "cancelled",
    "declined",
    "draft",
    "entered-in-error",
    "intended",
    "other",
    "planned",
    "preliminary",
    "preparation",
    "registered",
    "unknown",
)
_STATUS: Final = Known("business-rule", "The status of the resource excludes it.")
_OTHER: Final = Known("processing", "")


def known_reason(code: str) -> Known:
    """What is known of a code; `status-...` names the status that excluded an entry."""
    if code.startswith("status-"):
        return _STATUS
    return _BY_CODE.get(code, _OTHER)


_REFUSED: Final = {reason.value: known for reason, known in REASONS.items()}
_BY_CODE: Final[dict[str, Known]] = _REFUSED | DATA_ISSUES | WRITTEN | _CARDS
# Every code that details.coding of an issue may carry.
ISSUE_CODES: Final[dict[str, Known]] = _BY_CODE | {f"status-{status}": _STATUS for status in _STATUSES}
