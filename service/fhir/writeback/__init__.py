"""Storing what was found on a FHIR server: one resource of each finding, and nothing of a clinician overwritten.

what the server takes -> a carrier (Flag or Task) -> create or change, each by itself -> read back -> Provenance -> plan
"""
