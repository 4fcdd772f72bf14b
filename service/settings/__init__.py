"""Settings: `MOODMARKER_*` variables, or a TOML file of the same names that `MOODMARKER_CONFIG` points to.

A variable wins over the file. In the file the prefix may be left out: `port = 8080`.
A name that is no setting is an error, so that a misspelt safeguard is not silently off.
"""

from __future__ import annotations

from service.settings.addresses import is_loopback
from service.settings.loading import load_settings, require_safe_listener
from service.settings.names import CONFIG, PREFIX, SettingsError, variable_of
from service.settings.peers import CdsClient, FhirServer, Issuer, Signatory
from service.settings.site import Settings

__all__ = [
    "CONFIG",
    "PREFIX",
    "CdsClient",
    "FhirServer",
    "Issuer",
    "Settings",
    "SettingsError",
    "Signatory",
    "is_loopback",
    "load_settings",
    "require_safe_listener",
    "variable_of",
]
