"""Whose certificates are believed: the public authorities, or for a server those that the site names in their place."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from pathlib import Path


def trusting(name: str, authorities: Path) -> ssl.SSLContext:
    """A context that believes the authorities of a PEM file and no others; raises `SettingsError` naming the server."""
    place = f"{variable_of('servers')}: {name}: the ca_file {authorities}"
    try:
        return ssl.create_default_context(cafile=authorities)
    except ssl.SSLError:
        raise SettingsError(
            f"{place} holds no certificate that can be read; give the authorities' own in PEM, one after another"
        ) from None
    except OSError as error:
        raise SettingsError(f"{place} cannot be read ({error.strerror})") from None
