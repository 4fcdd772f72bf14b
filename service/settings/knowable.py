"""Whether callers can be known by their tokens: each needs keys, an audience, and an issuer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.settings.names import variable_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.settings.peers import Signatory


def require_knowable(setting: str, kind: str, signatories: Mapping[str, Signatory], public_url: str | None) -> None:
    """Raises `ValueError` naming whom of a setting nobody could believe; `kind` is what they are called."""
    issuers: dict[str, str] = {}
    for name, one in signatories.items():
        place = f"{variable_of(setting)}: {name}"
        if not one.key_file and not one.key_urls:
            raise ValueError(f"{place} has no keys: give a key_file, or the key_urls that they are fetched from")
        if one.key_file and one.key_urls:
            raise ValueError(f"{place} has both a key_file and key_urls; leave one out")
        if public_url is None and not one.audiences:
            raise ValueError(
                f"{place}: nobody knows whom its tokens are made out to; set {variable_of('public_url')}, or its "
                "audiences"
            )
        if one.issuer in issuers:
            raise ValueError(f"{place} has the issuer of {issuers[one.issuer]}; make them one {kind}")
        issuers[one.issuer] = name
