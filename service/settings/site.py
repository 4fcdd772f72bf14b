"""Everything that a site may set, each by its name, and what has to agree with one another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from service.settings.addresses import host_name, is_base, is_document, is_loopback
from service.settings.file import FileSource
from service.settings.names import PREFIX, variable_of
from service.settings.peers import CdsClient, FhirServer

MEBIBYTE = 1024 * 1024
SHORTEST_SECRET = 32
_RELATIVE_DATABASE = re.compile(r"(sqlite(?:\+\w+)?):///(?!/|:memory:|file:)([^?]+)")
# What means nothing to a server that the service has no client id at.
_OF_A_CLIENT = ("algorithm", "scopes", "token_url")


def _listed(value: object) -> object:
    """A variable lists names with commas or spaces between them; a file uses a TOML array."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """Everything a site may set; immutable once read."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address to listen on; any but loopback needs authentication.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=256, description="Worker processes.")
    time_zone: str = Field("UTC", description="IANA zone of times without an offset, and of as-of dates.")
    locale: str = Field(
        "",
        pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$",
        description="Language tag, such as en-US, for crisis contacts.",
    )
    concept_map: Path | None = Field(None, description="A FHIR ConceptMap from the site's codes to codes read here.")
    muted: Names = Field((), description="Rules that are not to raise flags; safety rules cannot be named.")
    spans: dict[str, int] = Field(
        {}, description="Days of the spans that a rule's page offers to set: JSON, or a table of the file."
    )
    rules_on: Names = Field((), description="Rules to turn on that are off by default.")
    max_body_bytes: int = Field(32 * MEBIBYTE, ge=1024, description="Largest body as it is sent.")
    max_decompressed_bytes: int = Field(64 * MEBIBYTE, ge=1024, description="Largest body after decompression.")
    max_decompression_ratio: int = Field(500, ge=2, description="Largest growth of a compressed body past 1 MiB.")
    max_entries: int = Field(100_000, ge=1, description="Most entries in one Bundle.")
    deadline_seconds: float = Field(30.0, gt=0, le=3600, description="Longest time one request may take.")
    concurrency_limit: int = Field(32, ge=1, description="Checks that one worker holds at a time.")
    graceful_shutdown_seconds: int = Field(30, ge=0, le=3600, description="How long requests may finish on shutdown.")
    servers: dict[str, FhirServer] = Field(
        {}, description="FHIR servers to fetch from, by the name that requests give: JSON, or tables of the file."
    )
    plain_http: Names = Field(
        (), description="Hosts that are spoken to without TLS, as containers beside this one; loopback needs no naming."
    )
    bearer_token: SecretStr | None = Field(
        None,
        description="What a caller has to send to have a patient fetched; at least 32 characters. Needed where other "
        "machines reach the service and a server has a token, a client_id or write.",
    )
    keys: Path | None = Field(
        None, description="Folder of the service's own signing keys, as `moodmarker keys` makes them."
    )
    store: SecretStr = Field(
        SecretStr(""),
        description="Database of the work queue and leases, and of hashes of cards that were shown, of tokens that "
        "were used, and of feedback; needed where MOODMARKER_SERVICE_KEY is set and opened nowhere else: "
        "sqlite:////folder/file or postgresql://user:password@host/name.",
    )
    service_key: SecretStr | None = Field(
        None,
        description="Turns the store and subscriptions on; their secrets and the UUIDs of cards are made from it, "
        "so that feedback to earlier cards is not known after a change. At least 32 characters, the same in all "
        "workers.",
    )
    public_url: Annotated[str, AfterValidator(is_base)] | None = Field(
        None,
        description="Where FHIR servers and CDS clients reach this service; needed to subscribe, and what the tokens "
        "of CDS clients are made out to. Its host is an allowed one.",
    )
    allow_unauthenticated: bool = Field(False, description="Listen beyond loopback without authentication.")
    allowed_hosts: Names = Field((), description="Host names, besides loopback, under which requests may arrive; no *.")
    cds_clients: dict[str, CdsClient] = Field(
        {},
        description="CDS Hooks clients by a name for the log: JSON, or tables of the file. With one or more, every "
        "call of CDS Hooks needs a token of theirs; without, callers on this machine alone are answered.",
    )
    cds_unauthenticated: bool = Field(
        False, description="Answer CDS Hooks calls that bring no token, from other machines too; told at every start."
    )
    cds_seconds: float = Field(
        2.0, gt=0, le=60, description="Longest time that all FHIR requests of one hook call may take."
    )
    cds_repeats: Literal["silent", "info"] = Field(
        "silent", description="What becomes of a card that the user has been shown before: left out, or shown as info."
    )
    cds_launch_url: Annotated[str, AfterValidator(is_document)] | None = Field(
        None, description="The launch address of a SMART app that cards link to."
    )
    cds_version: bool = Field(False, description="Tell in the discovery which version of CDS Hooks is spoken.")
    openapi_page: bool | None = Field(None, description="Serve /openapi.json and /docs; on loopback only if unset.")
    metrics: bool | None = Field(None, description="Serve /metrics and /health/servers; on loopback only if unset.")
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        "info", description="Least level logged."
    )

    @field_validator("port", mode="before")
    @classmethod
    def _is_no_service_link(cls, value: object) -> object:
        if isinstance(value, str) and value.startswith("tcp://"):
            raise ValueError("set by a Kubernetes service link; turn enableServiceLinks off, or rename the Service")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("not a time zone of the IANA database; write it as in Europe/Berlin") from error
        return name

    @field_validator("concept_map")
    @classmethod
    def _is_a_file(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("no such file")
        return path

    @field_validator("bearer_token", "service_key")
    @classmethod
    def _is_long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"too short to be a secret; use at least {SHORTEST_SECRET} random characters")
        return key

    @field_validator("bearer_token")
    @classmethod
    def _goes_into_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not all("!" <= character <= "~" for character in token.get_secret_value()):
            raise ValueError("no header carries it; use letters and digits without spaces or line breaks")
        return token

    @field_validator("store")
    @classmethod
    def _is_the_same_from_everywhere(cls, store: SecretStr) -> SecretStr:
        relative = _RELATIVE_DATABASE.match(store.get_secret_value())
        if relative:
            whole = f"{relative[1]}:///{Path(relative[2]).absolute()}"
            raise ValueError(
                f"{relative[2]} is another file in each folder that a command is started in; write it whole: {whole}"
            )
        return store

    @field_validator("allowed_hosts")
    @classmethod
    def _are_host_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(host_name, names))

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _without_tls_only_where_named(self) -> Settings:
        named: dict[str, list[str | None]] = {
            name: [server.url, server.token_url] for name, server in self.servers.items()
        }
        for name, client in self.cds_clients.items():
            named[f"CDS client {name}"] = [*client.key_urls, *client.fhir_servers, *client.origins]
        own = {"public_url": [self.public_url], "cds_launch_url": [self.cds_launch_url]}
        for place, urls in {**named, **own}.items():
            for url in urls:
                self.require_tls(place, url or "")
        return self

    def require_tls(self, place: str, url: str) -> None:
        """Raises `ValueError` for an address without TLS that is neither on this machine nor named by the site."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "http" and not is_loopback(host) and host not in self.plain_http:
            raise ValueError(f"{place}: plain http is for loopback alone; use https")

    @model_validator(mode="after")
    def _one_way_to_a_token(self) -> Settings:
        for name, server in self.servers.items():
            if server.client_id and server.token is not None:
                raise ValueError(f"server {name} has both a token and a client_id; leave one out")
            if server.client_id and self.keys is None:
                raise ValueError(f"server {name} has a client_id, and no keys are configured to sign with")
            unused = [one for one in _OF_A_CLIENT if one in server.model_fields_set and not server.client_id]
            if unused:
                raise ValueError(
                    f"server {name} has {' and '.join(unused)} without a client_id, to which alone it applies; "
                    "give the client_id that the server registered, or leave it out"
                )
        return self

    @model_validator(mode="after")
    def _certificates_where_there_is_tls(self) -> Settings:
        for name, server in self.servers.items():
            addresses = (server.url, server.token_url or "")
            if server.ca_file is not None and not any(one.startswith("https://") for one in addresses):
                raise ValueError(
                    f"server {name} has a ca_file and is spoken to without TLS; use https, or leave it out"
                )
        return self

    @model_validator(mode="after")
    def _subscriptions_are_whole(self) -> Settings:
        if self.service_key is None and self.public_url is not None and not self.cds_clients:
            raise ValueError(
                f"{variable_of('public_url')} is set without {variable_of('service_key')}, which turns subscriptions "
                f"on, and without {variable_of('cds_clients')}: set one of them, or leave it out"
            )
        if self.service_key is not None and not self.store.get_secret_value():
            raise ValueError(
                f"{variable_of('service_key')} is set without {variable_of('store')}, where subscriptions are kept: "
                "name a database, as in sqlite:////var/lib/moodmarker/store.sqlite"
            )
        return self

    @model_validator(mode="after")
    def _clients_can_be_known(self) -> Settings:
        issuers: dict[str, str] = {}
        for name, client in self.cds_clients.items():
            place = f"{variable_of('cds_clients')}: {name}"
            if not client.key_file and not client.key_urls:
                raise ValueError(f"{place} has no keys: give a key_file, or the key_urls that they are fetched from")
            if client.key_file and client.key_urls:
                raise ValueError(f"{place} has both a key_file and key_urls; leave one out")
            if self.public_url is None and not client.audiences:
                raise ValueError(
                    f"{place}: nobody knows whom its tokens are made out to; set {variable_of('public_url')}, or its "
                    "audiences"
                )
            if client.issuer in issuers:
                raise ValueError(f"{place} has the issuer of {issuers[client.issuer]}; make them one client")
            issuers[client.issuer] = name
        return self

    @model_validator(mode="after")
    def _decompressed_is_the_larger(self) -> Settings:
        if self.max_decompressed_bytes < self.max_body_bytes:
            raise ValueError("max_decompressed_bytes must not be smaller than max_body_bytes")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no file is read that nobody named
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """In order of precedence: arguments, variables, the file."""
        return init_settings, env_settings, FileSource(settings_cls)

    @property
    def listens_on_loopback(self) -> bool:
        """Whether the address to listen on can be reached from this machine alone."""
        return is_loopback(self.host)

    @property
    def own_hosts(self) -> frozenset[str]:
        """The names, besides loopback, under which requests may arrive."""
        named = urlsplit(self.public_url or "").hostname
        hosts = (self.host, *self.allowed_hosts, *([named] if named else []))
        return frozenset(host.lower().strip("[]") for host in hosts)

    @property
    def is_reached_from_elsewhere(self) -> bool:
        """Whether other machines reach the service, by itself or, as a name of its own shows, through a proxy."""
        return not all(map(is_loopback, self.own_hosts))

    @property
    def trusted(self) -> tuple[str, ...]:
        """The FHIR servers that let the service read or write what its callers could not by themselves."""
        return tuple(
            name
            for name, server in self.servers.items()
            if server.write or server.client_id or server.token is not None
        )
