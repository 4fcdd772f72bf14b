"""Settings: `MOODMARKER_*` variables, or a TOML file of the same names that `MOODMARKER_CONFIG` points to.

A variable wins over the file. In the file the prefix may be left out: `port = 8080`.
A name that is no setting is an error, so that a misspelt safeguard is not silently off.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

PREFIX = "MOODMARKER_"
CONFIG = f"{PREFIX}CONFIG"
MEBIBYTE = 1024 * 1024
SHORTEST_KEY = 32
_HOST_NAME = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._\-]+)(:[0-9]{1,5})?")
# What Kubernetes adds to every container of a namespace with a Service called "moodmarker".
_SERVICE_LINK = re.compile(rf"{PREFIX}(SERVICE_(HOST|PORT.*)|PORT_\d+_.*)")


class SettingsError(ValueError):
    """A setting that is misspelt, not allowed or at odds with another; the text says which."""


def _listed(value: object) -> object:
    """A variable lists names with commas or spaces between them; a file uses a TOML array."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


def _is_base(url: str) -> str:
    """An address below which requests go: with scheme and host, without query, user or fragment."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write the FHIR base with its scheme and host, as in https://ehr.example/fhir")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("the FHIR base has no user, query or fragment")
    return url.rstrip("/")


def _is_endpoint(url: str) -> str:
    """An address that is sent to as it is written: its last slash counts."""
    _is_base(url)
    return url


class FhirServer(BaseModel):
    """One FHIR server: where it is, and what a site knows better than its CapabilityStatement."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(_is_base)] = Field(description="The FHIR base.")
    token: SecretStr | None = Field(None, description="A bearer token that does not change.")
    client_id: str = Field("", description="The client id of SMART Backend Services; needs MOODMARKER_KEYS.")
    algorithm: Literal["ES384", "RS384"] = Field("ES384", description="How requests for a token are signed.")
    scopes: Literal["v2", "v1"] = Field("v2", description="How scopes are written: system/Flag.cruds, or system/Flag.*")
    token_url: Annotated[str, AfterValidator(_is_endpoint)] | None = Field(
        None, description="The token endpoint; unset: the one that the server names, if it is on the server's origin."
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
        None, description="What a caller from another machine has to send to have a patient fetched."
    )
    keys: Path | None = Field(
        None, description="Folder of the service's own signing keys, as `moodmarker keys` makes them."
    )
    store: SecretStr = Field(
        SecretStr("sqlite:///moodmarker.sqlite"),
        description="Database of the work queue and of leases, opened where MOODMARKER_SERVICE_KEY is set: "
        "sqlite:///file or postgresql://user:password@host/name.",
    )
    service_key: SecretStr | None = Field(
        None,
        description="Turns subscriptions on; their secrets are made from it. At least 32 characters, "
        "the same in all workers.",
    )
    public_url: Annotated[str, AfterValidator(_is_base)] | None = Field(
        None, description="Where FHIR servers reach this service; needed to subscribe."
    )
    allow_unauthenticated: bool = Field(False, description="Listen beyond loopback without authentication.")
    allowed_hosts: Names = Field((), description="Host names, besides loopback, under which requests may arrive; no *.")
    openapi_page: bool | None = Field(None, description="Serve /openapi.json and /docs; on loopback only if unset.")
    metrics: bool | None = Field(None, description="Serve /metrics; on loopback only if unset.")
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

    @field_validator("service_key")
    @classmethod
    def _is_long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"too short to be a secret; use at least {SHORTEST_KEY} random characters")
        return key

    @field_validator("allowed_hosts")
    @classmethod
    def _are_host_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_host_name, names))

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _without_tls_only_where_named(self) -> Settings:
        named = {name: [server.url, server.token_url] for name, server in self.servers.items()}
        for place, urls in {**named, "public_url": [self.public_url]}.items():
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
        return init_settings, env_settings, _FileSource(settings_cls)

    @property
    def listens_on_loopback(self) -> bool:
        """Whether the address to listen on can be reached from this machine alone."""
        return is_loopback(self.host)


def _host_name(entry: str) -> str:
    """The name that is compared with Host headers: without port and brackets, in lower case."""
    if "*" in entry:
        raise ValueError(f"{entry} holds a *; list every host by its own name")
    if "://" in entry:
        raise ValueError(f"{entry} has a scheme; write the host name alone, such as ehr.example")
    if _is_address(entry):
        return entry.lower()
    match = _HOST_NAME.fullmatch(entry)
    if match is None:
        raise ValueError(f"{entry} is no host name; write it such as ehr.example")
    return match[1].lower().strip("[]")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class _FileSource(PydanticBaseSettingsSource):
    """The TOML file that `MOODMARKER_CONFIG` names, if it names one."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the library asks for it
        """Unused: the file is read as a whole."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The file's settings by field name."""
        path = next((value for name, value in os.environ.items() if name.upper() == CONFIG), "")
        return _read_file(Path(path)) if path else {}


def _read_file(path: Path) -> dict[str, Any]:
    try:
        received = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{CONFIG}: {path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG}: {path} is not TOML: {error}") from error
    named = {key.lower().removeprefix(PREFIX.lower()): value for key, value in received.items()}
    if len(named) < len(received):
        raise SettingsError(f"{CONFIG}: {path} sets a name twice, with and without {PREFIX}")
    for name in named:
        _require_known(name, f"{CONFIG}: {path}")
    return named


def _require_known(name: str, place: str) -> None:
    known = Settings.model_fields
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {variable_of(near[0])}?" if near else f". Known: {', '.join(sorted(known))}"
        raise SettingsError(f"{place}: {variable_of(name)} is not a setting{hint}")


def variable_of(setting: str) -> str:
    """The variable that sets a field of `Settings`."""
    return f"{PREFIX}{setting.upper()}"


def load_settings(**given: Any) -> Settings:
    """Reads the settings; `given` (from the command line) wins over variables and file."""
    # Variables are read whatever their case, so a misspelt one is found whatever its case.
    for variable in map(str.upper, os.environ):
        if variable.startswith(PREFIX) and variable != CONFIG and not _SERVICE_LINK.fullmatch(variable):
            _require_known(variable.removeprefix(PREFIX).lower(), "environment")
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError("; ".join(_told(one) for one in error.errors(include_url=False))) from error
    except UnreadableSetting as error:
        # The library names the field, and its cause repeats the value.
        field = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "")
        raise SettingsError(
            f"{variable_of(field)}: this is not JSON; write it as contracts/settings.md shows"
        ) from None


def _told(error: Any) -> str:
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{variable_of(str(error['loc'][0]))}: {text}" if error["loc"] else text


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine alone."""
    name = host.lower().removeprefix("[").removesuffix("]")
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def require_safe_listener(settings: Settings) -> None:
    """Refuses to listen beyond this machine without authentication, unless that was asked for."""
    if not (settings.listens_on_loopback or settings.allow_unauthenticated):
        raise SettingsError(
            f"{PREFIX}HOST: other machines can reach {settings.host}, and no authentication is configured. "
            f"Listen on 127.0.0.1 behind a proxy that authenticates, "
            f"or set {PREFIX}ALLOW_UNAUTHENTICATED=true on purpose."
        )
