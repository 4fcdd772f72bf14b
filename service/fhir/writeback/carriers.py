"""In what a finding is stored: a Flag; what stores it otherwise keeps to the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from service.domain.findings import FlagState
from service.fhir.writeback.heads import head_of
from service.fhir.writeback.results import Became, Stored
from service.fhir.writing.flags import revise_flag, write_flag

if TYPE_CHECKING:
    from service.domain.facts import PriorFlag
    from service.domain.findings import FlagFinding
    from service.fhir.reading.account import Reading
    from service.fhir.writeback.heads import Head
    from service.fhir.writing.elements import Json
    from service.fhir.writing.frame import Frame

NO_ID = "it came without an id"


class Change(NamedTuple):
    """What a stored resource is to become."""

    head: Head
    resource: Json


class Carrier(Protocol):
    """How findings are spelled as resources of one type."""

    resource_type: str

    def new(self, finding: FlagFinding) -> Json:
        """The resource of a finding that nobody has stored."""

    def change(self, finding: FlagFinding, prior: PriorFlag) -> Change | Stored:
        """What becomes of the resource that a finding continues; a result where it stays as it is."""


class FlagCarrier:
    """A finding as a Flag."""

    resource_type = "Flag"

    def __init__(self, reading: Reading, frame: Frame) -> None:
        """`reading` holds the Flags as they were received."""
        self._received = reading.prior_flags_raw
        self._frame = frame

    def new(self, finding: FlagFinding) -> Json:
        """A new Flag."""
        return write_flag(finding, self._frame)

    def change(self, finding: FlagFinding, prior: PriorFlag) -> Change | Stored:
        """The received Flag with what has changed of it."""
        head = head_of(self._received[prior.entry])
        if head is None:
            return Stored(Became.LEFT, reason=NO_ID)
        if finding.state is not FlagState.UNCHANGED:
            flag = revise_flag(finding, self._frame, head.raw)
            if flag.changed:
                return Change(head, flag.members)
        return Stored(Became.UNCHANGED, head.id, head.version)
