"""Access tokens of the site's authorization servers: JSON Web Tokens with SMART scopes.

What is wrong with a token stands in the log, by the issuer's name in the settings, and in no answer. Of the token
itself nothing is logged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import structlog

from service.errors import KeysNotFetched, TokenRefused
from service.security.believed import Believed
from service.security.failures import Failures
from service.security.grants import Grant, granted
from service.security.key_fetching import KeyFetching, KeysUnavailable
from service.security.key_sets import Keys, NotLookedFor, Owner
from service.security.signed_tokens import (
    ACCESS_TOKENS,
    Claims,
    Refused,
    check_audience,
    check_signature,
    check_times,
    read_token,
)
from service.security.sockets import Sent, uncounted

if TYPE_CHECKING:
    from datetime import datetime

    from service.security.signed_tokens import Token
    from service.settings import Issuer, Settings

_FHIR: Final = "/fhir"
# A name for the log: what a person could have written is not in it.
_CLIENT: Final = re.compile(r"[!-~]{1,64}")
_NO_KEYS: Final = "The keys of the token's issuer could not be fetched; try again in ten seconds."
_DOTTED: Final = re.compile(r"^(system|user|patient)\.")


class _Claims(Claims, gc=False):
    """What authorization servers write besides."""

    scope: str | list[str] | None = None
    scp: str | list[str] | None = None
    client_id: str | None = None
    azp: str | None = None
    patient: str | None = None


class _Known(NamedTuple):
    """An issuer, its keys, and whom its tokens are made out to."""

    name: str
    issuer: Issuer
    keys: Keys
    audiences: frozenset[str]


class Issuers:
    """The issuers of a site; in one worker, they are known by the keys that it has read or fetched."""

    def __init__(self, settings: Settings, sent: Sent = uncounted) -> None:
        """Nothing is fetched yet; raises `SettingsError` for a key file or authorities that cannot be used."""
        self._failures = Failures()
        self._believed = Believed()
        self._fetching = KeyFetching(sent=sent)
        self._known = {
            issuer.issuer: _Known(
                name, issuer, Keys(Owner("issuers", name, issuer), self._fetching), _audiences(issuer, settings)
            )
            for name, issuer in settings.issuers.items()
        }

    async def close(self) -> None:
        """Lets go of the sockets."""
        for known in self._known.values():
            await known.keys.close()
        await self._fetching.close()

    async def grant(self, authorization: bytes, peer: str, now: datetime) -> Grant:
        """What the token of an Authorization header grants, sent from a peer's address.

        Raises `TokenRefused`, in its place `Throttled` where too many tokens from the peer were refused of late, and
        `KeysNotFetched`. A good token is taken whatever else comes from the peer: behind a proxy everybody is one peer.
        """
        moment = now.timestamp()
        remembered = self._believed.find(authorization, moment)
        if remembered is not None:
            return remembered
        who = peer, ""
        try:
            token = read_token(authorization, _Claims, ACCESS_TOKENS)
            known = self._known.get(token.claims.iss)
            if known is None:
                raise Refused("its iss is no issuer of this site")
            who = peer, known.name
            await _check(token, known, moment)
        except NotLookedFor as refused:
            # It may be good, so nobody has failed.
            raise _refused(who[1], refused.reason) from None
        except Refused as refused:
            self._failures.require_patience(who)
            self._failures.note(who)
            raise _refused(who[1], refused.reason) from None
        except KeysUnavailable as fault:
            _log(who[1], fault.reason)
            raise KeysNotFetched(_NO_KEYS) from None
        grant = _grant(known, token)
        self._believed.remember(authorization, grant, token.claims.exp, moment)
        return grant


async def _check(token: Token[_Claims], known: _Known, now: float) -> None:
    """The cheap questions first: what is wrong anyhow has nothing fetched and nothing computed."""
    header, claims = token.header, token.claims
    if header.alg not in known.issuer.algorithms:
        raise Refused("its alg is none of its algorithms")
    check_times(claims, now)
    check_audience(claims, known.audiences)
    check_signature(token, await known.keys.find(header))


def _audiences(issuer: Issuer, settings: Settings) -> frozenset[str]:
    return frozenset(issuer.audiences or (f"{settings.public_url}{_FHIR}",))


def _grant(known: _Known, token: Token[_Claims]) -> Grant:
    """`sub` is passed over as a name, for it may be a person's."""
    name, claims = known.name, token.claims
    client = claims.client_id or claims.azp or ""
    caller = f"{name}:{client}" if _CLIENT.fullmatch(client) else name
    return granted(caller, " ".join(_scopes(known.issuer.scope_claim, token)), claims.patient or "")


def _scopes(claim: str, token: Token[_Claims]) -> list[str]:
    """Each scope of a token; from a claim that the site names, what is no text grants nothing."""
    if not claim:
        claims = token.claims
        written = claims.scope if claims.scope is not None else claims.scp or ""
        return written.split() if isinstance(written, str) else written
    named = msgspec.json.decode(token.signed.payload).get(claim)
    words = named.split() if isinstance(named, str) else named if isinstance(named, list) else []
    # Where roles and the like may have no slash in their names.
    return [_DOTTED.sub(r"\1/", one) for one in words if isinstance(one, str)]


def _refused(name: str, reason: str) -> TokenRefused:
    _log(name, reason)
    return TokenRefused()


def _log(name: str, reason: str) -> None:
    structlog.get_logger().warning("access token refused", issuer=name, reason=reason)
