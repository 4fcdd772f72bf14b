"""Whose certificates are believed: the public authorities, or those that the site names in their place."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from pathlib import Path


UNTRUSTED = "its certificate is of no authority that is believed here; name a PEM file of its authorities in ca_file"


def is_untrusted(error: BaseException | None) -> bool:
    """Whether a connection failed for the certificate of whom it went to."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def trusting(name: str, authorities: Path, setting: str = "servers") -> ssl.SSLContext:
    """A context that believes the authorities of a PEM file and no others.

    Raises `SettingsError` naming the setting, and whom in it the file is for.
    """
    place = f"{variable_of(setting)}: {name}: the ca_file {authorities}"
    try:
        return ssl.create_default_context(cafile=authorities)
    except ssl.SSLError:
        raise SettingsError(
            f"{place} holds no certificate that can be read; give the authorities' own in PEM, one after another"
        ) from None
    except OSError as error:
        raise SettingsError(f"{place} cannot be read ({error.strerror})") from None
