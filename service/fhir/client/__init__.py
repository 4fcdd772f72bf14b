"""Fetching from a FHIR server what the rules read of one patient, and saying what could not be fetched.

needs of the rules -> searches -> one batch, or a search for each type -> pages -> one Bundle with its gaps
"""
