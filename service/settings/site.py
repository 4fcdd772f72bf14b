"""Everything that a site may set, each by its name, and what has to agree with one another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from service.settings.addresses import host_name, is_base, is_document, is_loopback
from service.settings.file import FileSource
from service.settings.knowable import require_knowable
from service.settings.limits import Limits
from service.settings.names import PREFIX, variable_of
from service.settings.peers import CdsClient, FhirServer, Issuer

SHORTEST_SECRET = 32
_RELATIVE_DATABASE = re.compile(r"(sqlite(?:\+\w+)?):///(?!/|:memory:|file:)([^?]+)")
# What means nothing to a server that the service has no client id at.
_OF_A_CLIENT = ("algorithm", "scopes", "token_url")


def _require_tls_for(place: str, ca_file: Path | None, addresses: Iterable[str]) -> None:
    if ca_file is not None and not any(one.startswith("https://") for one in addresses):
        raise ValueError(f"{place} has a ca_file and is spoken to without TLS; use https, or leave it out")


def _listed(value: object) -> object:
    """A variable lists names with commas or spaces between them; a file uses a TOML array."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(Limits):
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
    site_rules: Path | None = Field(
        None,
        description="A TOML file of rules to switch on, off and into shadow, and of limits to set, as "
        "`moodmarker rules --site FILE` checks it; SIGHUP has it read anew.",
    )
    graceful_shutdown_seconds: int = Field(30, ge=0, le=3600, description="How long requests may finish on shutdown.")
    servers: dict[str, FhirServer] = Field(
        {}, description="FHIR servers to fetch from, by the name that requests give: JSON, or tables of the file."
    )
    plain_http: Names = Field(
        (), description="Hosts that are spoken to without TLS, as containers beside this one; loopback needs no naming."
    )
    bearer_token: SecretStr | None = Field(
        None,
        description="What every caller of a FHIR operation has to send, unless it has a token of MOODMARKER_ISSUERS; "
        "at least 32 characters. One of both is needed where other machines reach the service and a server has a "
        "token, a client_id or write.",
    )
    issuers: dict[str, Issuer] = Field(
        {},
        description="Authorization servers whose tokens (signed JWTs with SMART scopes) are taken, by a name for the "
        "log: JSON, or tables of the file. With one or more, or with MOODMARKER_BEARER_TOKEN, every call of a FHIR "
        "operation needs a token, from this machine too.",
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
    ledger: SecretStr = Field(
        SecretStr(""),
        description="Database of the ledger, which keeps a row of every decision under pseudonyms; on when "
        "MOODMARKER_LEDGER_KEY is set too. Written as MOODMARKER_STORE, and may be the same.",
    )
    ledger_key: SecretStr | None = Field(
        None,
        description="Makes the ledger's pseudonyms and signatures; at least 32 characters, the same in all workers.",
    )
    ledger_mode: Literal["durable", "deferred"] = Field(
        "durable",
        description="Whether an answer waits until its row is on the disk, or up to a second of rows may be lost "
        "when the process is killed.",
    )
    ledger_days: int | None = Field(
        None,
        ge=1,
        le=36_500,
        description="Days after which rows are deleted, up to a signed head; all are kept if unset.",
    )
    ledger_head_rows: int = Field(1000, ge=1, le=1_000_000, description="Rows from one signed head to the next.")
    receipts: bool = Field(
        False,
        description="Sign a receipt for each recorded answer, in the header Moodmarker-Receipt; needs the ledger.",
    )
    public_url: Annotated[str, AfterValidator(is_base)] | None = Field(
        None,
        description="Where FHIR servers, CDS clients and other callers reach this service; needed to subscribe, and "
        "what the tokens of CDS clients and issuers are made out to. Its host is an allowed one.",
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

    @field_validator("concept_map", "site_rules")
    @classmethod
    def _is_a_file(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("no such file")
        return path

    @field_validator("bearer_token", "service_key", "ledger_key")
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

    @field_validator("store", "ledger")
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
        for name, issuer in self.issuers.items():
            named[f"issuer {name}"] = [*issuer.key_urls, issuer.token_url, issuer.authorize_url]
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
            _require_tls_for(f"server {name}", server.ca_file, addresses)
        for name, client in self.cds_clients.items():
            _require_tls_for(f"CDS client {name}", client.ca_file, (*client.key_urls, *client.fhir_servers))
        for name, issuer in self.issuers.items():
            _require_tls_for(f"issuer {name}", issuer.ca_file, issuer.key_urls)
        return self

    @model_validator(mode="after")
    def _subscriptions_are_whole(self) -> Settings:
        if self.service_key is None and self.public_url is not None and not (self.cds_clients or self.issuers):
            raise ValueError(
                f"{variable_of('public_url')} is set without {variable_of('service_key')}, which turns subscriptions "
                f"on, and without {variable_of('cds_clients')} and {variable_of('issuers')}: set one of them, or leave "
                "it out"
            )
        if self.service_key is not None and not self.store.get_secret_value():
            raise ValueError(
                f"{variable_of('service_key')} is set without {variable_of('store')}, where subscriptions are kept: "
                "name a database, as in sqlite:////var/lib/moodmarker/store.sqlite"
            )
        return self

    @model_validator(mode="after")
    def _ledger_is_whole(self) -> Settings:
        has_database, has_key = bool(self.ledger.get_secret_value()), self.ledger_key is not None
        if has_database != has_key:
            lacking, given = ("ledger_key", "ledger") if has_database else ("ledger", "ledger_key")
            raise ValueError(
                f"{variable_of(given)} is set without {variable_of(lacking)}; set both to keep a ledger, or neither"
            )
        if self.receipts and not has_key:
            raise ValueError(
                f"{variable_of('receipts')} is on without a ledger, whose rows receipts name: set "
                f"{variable_of('ledger')} and {variable_of('ledger_key')}, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _callers_can_be_known(self) -> Settings:
        require_knowable("cds_clients", "client", self.cds_clients, self.public_url)
        require_knowable("issuers", "issuer", self.issuers, self.public_url)
        for name, issuer in self.issuers.items():
            if issuer.authorize_url is not None and issuer.token_url is None:
                raise ValueError(f"{variable_of('issuers')}: {name} has an authorize_url without a token_url; set both")
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
    def demands_credentials(self) -> bool:
        """Whether every caller of a FHIR operation has to say who it is, callers on this machine included."""
        return self.bearer_token is not None or bool(self.issuers)

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
