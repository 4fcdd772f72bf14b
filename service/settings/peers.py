"""Whom the service speaks with: FHIR servers that it asks, and CDS Hooks clients that ask it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from service.settings.addresses import is_base, is_document, is_endpoint, is_origin


class FhirServer(BaseModel):
    """One FHIR server: where it is, and what a site knows better than its CapabilityStatement."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(is_base)] = Field(description="The FHIR base.")
    token: SecretStr | None = Field(None, description="A bearer token that does not change.")
    client_id: str = Field("", description="The client id of SMART Backend Services; needs MOODMARKER_KEYS.")
    algorithm: Literal["ES384", "RS384"] = Field("ES384", description="How requests for a token are signed.")
    scopes: Literal["v2", "v1"] = Field("v2", description="How scopes are written: system/Flag.cruds, or system/Flag.*")
    token_url: Annotated[str, AfterValidator(is_endpoint)] | None = Field(
        None, description="The token endpoint; unset: the one that the server names, if it is on the server's origin."
    )
    ca_file: Path | None = Field(
        None,
        description="A PEM file of the certificate authorities that vouch for this server and its token endpoint, "
        "in place of the public ones.",
    )
    page_size: int = Field(200, ge=1, le=10_000, description="How many resources to ask for at a time (_count).")
    most_pages: int = Field(200, ge=1, le=100_000, description="Most pages of one search; more are not read.")
    batch: bool | None = Field(None, description="Ask in one batch; unset: where the server says that it can.")
    post_search: bool = Field(True, description="Send a long search as POST _search.")
    search_by_code: bool | None = Field(
        None, description="Ask for Observations by their codes; unset: where the server says that it can."
    )
    not_searched: frozenset[str] = Field(frozenset(), description="Resource types that this server cannot search.")
    searched: frozenset[str] = Field(
        frozenset(), description="Resource types that it can search by patient, though it does not say so."
    )
    write: bool = Field(False, description="Write flags and plans to this server when a caller asks for it.")
    write_as: Literal["flag", "task", "none"] | None = Field(
        None,
        description="What is written: Flag and CarePlan, or a Task; unset: the first that the server takes.",
    )
    update_create: bool | None = Field(
        None, description="It takes a resource under an id that we choose; unset: where the server says so."
    )
    conditional_create: bool | None = Field(
        None, description="It takes If-None-Exist; unset: where the server says so."
    )


class Signatory(BaseModel):
    """Somebody whose tokens are believed for their signature: how it is known, and where its keys are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(min_length=1, max_length=1000, description="What it writes into its tokens as iss.")
    key_file: Path | None = Field(
        None, description="A JSON Web Key Set with its public keys; a jku in its tokens is then left alone."
    )
    key_urls: tuple[Annotated[str, AfterValidator(is_document)], ...] = Field(
        (),
        description="Where its key sets are, letter by letter as its tokens name them in jku; nothing else is asked.",
    )
    ca_file: Path | None = Field(
        None,
        description="A PEM file of the certificate authorities that vouch for the servers of its key sets, in place of "
        "the public ones.",
    )
    algorithms: tuple[Literal["ES256", "ES384", "RS256", "RS384"], ...] = Field(min_length=1)
    audiences: tuple[str, ...] = ()


class CdsClient(Signatory):
    """One client of CDS Hooks: how it is known, and what it may have the service do."""

    ca_file: Path | None = Field(
        None,
        description="A PEM file of the certificate authorities that vouch for the servers of its key sets and for its "
        "fhir_servers, in place of the public ones.",
    )
    algorithms: tuple[Literal["ES384", "RS384"], ...] = Field(
        ("ES384", "RS384"), min_length=1, description="How it may sign: ES384, RS384."
    )
    audiences: tuple[str, ...] = Field(
        (),
        description="What it writes as aud in place of MOODMARKER_PUBLIC_URL and the path: whole addresses, or "
        "what comes before the path.",
    )
    tenants: tuple[str, ...] = Field((), description="The tenants it may call for; unset: any, or none named.")
    reuse: bool = Field(
        False,
        description="A token may arrive more than once until it expires. Otherwise it is good once: for all workers "
        "where MOODMARKER_SERVICE_KEY is set, and else in each.",
    )
    fhir_servers: tuple[Annotated[str, AfterValidator(is_base)], ...] = Field(
        (), description="The FHIR bases that its requests may name as fhirServer."
    )
    origins: tuple[Annotated[str, AfterValidator(is_origin)], ...] = Field(
        (), description="The origins of its web pages that may call from a browser, as in https://ehr.example."
    )
    not_held: frozenset[str] = Field(
        frozenset(), description="Resource types that its record does not hold: nothing is missing where they are not."
    )
    system_actions: bool = Field(False, description="It takes systemActions, which it applies without asking anybody.")


class Issuer(Signatory):
    """One authorization server whose access tokens are taken at the FHIR operations."""

    algorithms: tuple[Literal["ES256", "ES384", "RS256", "RS384"], ...] = Field(
        ("RS256", "RS384", "ES256", "ES384"), min_length=1, description="How it may sign: RS256, RS384, ES256, ES384."
    )
    audiences: tuple[str, ...] = Field(
        (),
        description="What it writes as aud; unset: MOODMARKER_PUBLIC_URL followed by /fhir.",
    )
    scope_claim: str = Field(
        "",
        max_length=100,
        description="The claim that holds the scopes, such as roles; there they may be written with a dot for the "
        "slash, as in system.Observation.rs. Unset: scope, or without it scp.",
    )
    token_url: Annotated[str, AfterValidator(is_document)] | None = Field(
        None, description="Its token endpoint, which clients are told of; the service sends nothing there."
    )
    authorize_url: Annotated[str, AfterValidator(is_document)] | None = Field(
        None, description="Its authorization endpoint, which clients are told of; it needs a token_url."
    )
