"""FHIR spelling, and nothing else: bytes to facts, findings to bytes."""
