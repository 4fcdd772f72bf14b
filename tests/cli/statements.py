"""Servers as they describe themselves, written by hand after what is public of each kind."""

from __future__ import annotations

from typing import Any

READ = ["Condition", "DiagnosticReport", "Encounter", "Immunization", "MedicationAdministration", "MedicationDispense"]
READ += ["MedicationRequest", "MedicationStatement", "Observation", "Procedure", "QuestionnaireResponse"]
WRITTEN = ("Flag", "CarePlan", "Task", "Provenance")
EVERYTHING = ("read", "vread", "update", "create", "search-type", "delete")


def statement(resources: list[dict[str, Any]], *interactions: str, version: str = "4.0.1") -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "fhirVersion": version,
        "software": {"name": "A server", "version": "1.0"},
        "rest": [
            {
                "mode": "server",
                "resource": resources,
                "interaction": [{"code": code} for code in interactions],
            }
        ],
    }


def resource(kind: str, interactions: tuple[str, ...], *parameters: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "interaction": [{"code": code} for code in interactions],
        "searchParam": [{"name": name, "type": "token"} for name in parameters],
        **more,
    }


def hapi() -> dict[str, Any]:
    """Open-source and general: everything can be read and written, pages are small, batches are not mentioned."""
    can = {"versioning": "versioned-update", "conditionalCreate": True, "updateCreate": True}
    kinds = [resource(kind, EVERYTHING, "patient", "code", "identifier", **can) for kind in (*READ, *WRITTEN)]
    patient = resource("Patient", EVERYTHING, "_id", operation=[{"name": "everything"}], **can)
    subscription = resource("Subscription", EVERYTHING, "status", **can)
    return statement([*kinds, patient, subscription], "transaction", "history-system")


def read_only() -> dict[str, Any]:
    """A hospital's own: no Flag and no Task, a CarePlan is read, results may be created, records of doses are not there."""
    absent = {"MedicationDispense", "QuestionnaireResponse"}
    kinds = [resource(kind, ("read", "search-type"), "patient", "code") for kind in READ if kind not in absent]
    plan = resource("CarePlan", ("read", "search-type"), "patient", "category")
    patient = resource("Patient", ("read", "search-type"), "_id", "identifier")
    provenance = resource("Provenance", ("read", "create"), "target")
    return statement([*kinds, plan, patient, provenance])


def one_writer() -> dict[str, Any]:
    """Flags can be stored, and a second one beside them as well."""
    return statement([resource(kind, ("create", "update", "search-type"), "patient") for kind in ("Flag", "CarePlan")])


SMART_OF_THE_READ_ONLY: dict[str, Any] = {
    "token_endpoint": "https://login.ehr.example/tenants/one/token",
    "grant_types_supported": ["authorization_code", "client_credentials"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
    "token_endpoint_auth_signing_alg_values_supported": ["RS384"],
    "scopes_supported": ["launch", "system/Observation.read", "system/Condition.read"],
    "capabilities": ["launch-ehr", "client-confidential-asymmetric", "permission-patient"],
}
