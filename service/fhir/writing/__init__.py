"""Findings to FHIR: an assessment becomes the bytes of an answer; nothing clinical is decided here."""

from service.fhir.writing.answer import write_answer

__all__ = ["write_answer"]
