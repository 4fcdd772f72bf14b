"""CDS Hooks 2.0: a clinician opens a patient, and sees a short ranked card or nothing at all."""
