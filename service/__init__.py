"""Moodmarker: pairs mood change with immune activity in FHIR data."""
