"""The page of all settings: what each may be, what it is when nobody sets it, and what for."""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from service.settings import CONFIG, CdsClient, FhirServer, Issuer, Settings, variable_of
from service.settings.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import FieldInfo

_INTRODUCTION = f"""# Settings

Each is a variable, or a line in the TOML file that `{CONFIG}` names: `MOODMARKER_PORT = 8080`, or `port = 8080`.
A variable wins over the file. A name that is no setting is an error. A list of names is written with commas or spaces
between them, and in the file as an array.

| Setting | What it may be | When not set | What it is for |
|---|---|---|---|
"""
_SERVERS = f"""
## FHIR servers

`{variable_of("servers")}` holds JSON, `{{"main": {{"url": "https://ehr.example/fhir"}}}}`; the file has a table for
each: `[servers.main]`, then `url = "https://ehr.example/fhir"`. Requests name a server as it is named here.

| Of a server | What it may be | When not set | What it is for |
|---|---|---|---|
"""
_CLIENTS = f"""
## CDS Hooks clients

`{variable_of("cds_clients")}` holds JSON, `{{"ehr": {{"issuer": "https://ehr.example", "key_file": "ehr.json"}}}}`; the
file has a table for each: `[cds_clients.ehr]`, then `issuer = "https://ehr.example"`.

| Of a client | What it may be | When not set | What it is for |
|---|---|---|---|
"""
_ISSUERS = f"""
## Issuers

`{variable_of("issuers")}` holds JSON, `{{"sso": {{"issuer": "https://sso.example", "key_urls": ["https://sso.example/keys"]}}}}`;
the file has a table for each: `[issuers.sso]`, then `issuer = "https://sso.example"`.

| Of an issuer | What it may be | When not set | What it is for |
|---|---|---|---|
"""
_KINDS: dict[Any, str] = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    str: "text",
    Path: "a path",
    tuple: "names",
    frozenset: "names",
    dict: "a table by name",
    SecretStr: "text, kept secret",
}
_COLLECTIONS = (dict, frozenset, tuple)
_BOUNDS = {"ge": "from {}", "gt": "above {}", "le": "up to {}"}


def settings_page() -> str:
    """Markdown, one line a setting."""
    limits = Limits.model_fields
    named = [*(name for name in Settings.model_fields if name not in limits), *limits]
    own = {variable_of(name): Settings.model_fields[name] for name in named}
    parts = [_INTRODUCTION, *_lines(own)]
    for introduction, peer in ((_SERVERS, FhirServer), (_CLIENTS, CdsClient), (_ISSUERS, Issuer)):
        parts += [introduction, *_lines(peer.model_fields)]
    return "".join(parts)


def _lines(fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    for name, field in fields.items():
        kind = " ".join([_kind(field.annotation), *_bounds(field)])
        yield f"| `{name}` | {kind} | {_default(field.default)} | {field.description} |\n"


def _kind(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(get_args(annotation))
    if origin in (Union, UnionType):
        return _kind(next(one for one in get_args(annotation) if one is not NoneType))
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    return _KINDS[origin if origin in _COLLECTIONS else annotation]


def _bounds(field: FieldInfo) -> Iterator[str]:
    for limit in field.metadata:
        for name, words in _BOUNDS.items():
            if hasattr(limit, name):
                yield words.format(getattr(limit, name))


def _default(value: object) -> str:
    if value is None or value is PydanticUndefined or value in ("", (), {}, frozenset()):
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
