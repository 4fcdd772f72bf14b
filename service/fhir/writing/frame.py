"""What is the same for every resource of one answer: whose it is, as of when, and in which kind of Bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.fhir.addresses import URI_SYSTEM
from service.fhir.writing.elements import Json, Label, clean, spell_identifier, spell_instant, spell_reference

if TYPE_CHECKING:
    from service.domain.facts import Patient, Source
    from service.domain.findings import Assessment

TEST_DATA: Final = "HTEST"


class Frame:
    """The circumstances of one answer, spelled once."""

    __slots__ = ("_references", "as_of", "has_subject", "in_transaction", "labels", "subject", "subject_key")

    def __init__(self, assessment: Assessment, *, in_transaction: bool) -> None:
        """`in_transaction` says that the resources are written to be stored."""
        patient = assessment.chart.patient
        self.in_transaction = in_transaction
        self.as_of = spell_instant(assessment.as_of.instant)
        self.subject_key = patient.key
        self.has_subject = bool(patient.key or patient.reference)
        self.subject = _spell_subject(patient, in_transaction=in_transaction)
        # What is said of a made-up patient is made up as well; other labels of the Patient are about that resource.
        self.labels: tuple[Label, ...] = tuple(label for label in patient.labels if label[1] == TEST_DATA)
        # Literal references by themselves: flags, the plan and its activities rest on the same evidence.
        self._references: dict[str, Json] = {}

    def reference(self, source: Source) -> Json:
        """The reference to a piece of evidence."""
        literal = source.reference
        spelled = self._references.get(literal)
        if spelled is None:
            spelled = spell_reference(source, in_transaction=self.in_transaction)
            if literal and not literal.startswith("urn:"):
                self._references[literal] = spelled
        return spelled

    def storable(self, reference: Json) -> Json:
        """A reference that a received Flag holds, as a transaction may hold it."""
        literal = str(reference.get("reference", ""))
        if self.in_transaction and literal.startswith("urn:"):
            return {"identifier": {"system": URI_SYSTEM, "value": literal}}
        return reference


def _spell_subject(patient: Patient, *, in_transaction: bool) -> Json:
    if _is_literal(patient.reference) and not (in_transaction and patient.reference.startswith("urn:")):
        return {"reference": patient.reference}
    system, bar, value = patient.key.rpartition("|")
    if bar and value:
        identifier = spell_identifier(system, value)
    else:
        identifier = {"system": URI_SYSTEM, "value": clean(patient.reference or patient.key)}
    return {"type": "Patient", "identifier": identifier}


def _is_literal(reference: str) -> bool:
    """False for what no reference may hold: blanks, line ends and control characters."""
    return bool(reference) and reference.isprintable() and " " not in reference
