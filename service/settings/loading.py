"""Reading the settings: `MOODMARKER_*` variables, which win over the file."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError as UnreadableSetting

from service.settings.file import require_known
from service.settings.names import CONFIG, PREFIX, SettingsError, variable_of
from service.settings.site import SHORTEST_SECRET, Settings

# What Kubernetes adds to every container of a namespace with a Service called "moodmarker".
_SERVICE_LINK = re.compile(rf"{PREFIX}(SERVICE_(HOST|PORT.*)|PORT_\d+_.*)")


def load_settings(**given: Any) -> Settings:
    """Reads the settings; `given` (from the command line) wins over variables and file."""
    # Variables are read whatever their case, so a misspelt one is found whatever its case.
    for variable in map(str.upper, os.environ):
        if variable.startswith(PREFIX) and variable != CONFIG and not _SERVICE_LINK.fullmatch(variable):
            require_known(variable.removeprefix(PREFIX).lower(), "environment", Settings.model_fields)
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
    place = ".".join(str(part) for part in error["loc"][1:] if part != "[key]")
    return f"{variable_of(str(error['loc'][0]))}: {place and place + ': '}{text}" if error["loc"] else text


def require_safe_listener(settings: Settings) -> None:
    """Refuses to listen beyond this machine without authentication, unless that was asked for.

    Callers from elsewhere never have the service use what FHIR servers trust it with, unless they bring a token.
    """
    if settings.demands_credentials:
        return
    if not (settings.listens_on_loopback or settings.allow_unauthenticated):
        raise SettingsError(
            f"{PREFIX}HOST: other machines can reach {settings.host}, and no authentication is configured. "
            f"Name the authorization server in {variable_of('issuers')}, set {variable_of('bearer_token')}, "
            f"or listen on 127.0.0.1 behind a proxy that authenticates; "
            f"or set {PREFIX}ALLOW_UNAUTHENTICATED=true on purpose."
        )
    if settings.is_reached_from_elsewhere and settings.trusted:
        raise SettingsError(
            f"{variable_of('bearer_token')}: other machines reach the service (see {variable_of('host')}, "
            f"{variable_of('public_url')} and {variable_of('allowed_hosts')}), and it could fetch or write patients of "
            f"{', '.join(settings.trusted)} for anybody. Set it to at least {SHORTEST_SECRET} random characters, which "
            f"callers send as Authorization: Bearer ..., or name in {variable_of('issuers')} who gives them tokens."
        )
