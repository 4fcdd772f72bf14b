"""A signed JSON Web Token that somebody sends: taken apart, judged by what it says, only then by its signature."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection

    from service.security.json_web_keys import PublicKey

MOST_BYTES: Final = 8 * 1024
# The clock of who signs may be ahead of ours by a minute.
SKEW_SECONDS: Final = 60.0
# The last second that a calendar of four digits has.
_LAST_MOMENT: Final = 253_402_300_799.0
# The types of tokens, in upper case: those of CDS Hooks have none of their own.
PLAIN: Final = ("JWT",)
ACCESS_TOKENS: Final = (*PLAIN, "AT+JWT", "APPLICATION/AT+JWT")
_BEARER: Final = re.compile(rb"bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.IGNORECASE)
# They change how a token is read, and none of them is meant for one.
_EXTENSIONS: Final = frozenset({"b64", "crit"})


class Refused(Exception):
    """A token that is not taken: `reason` completes "it is refused, as ...", and repeats nothing of the token."""

    def __init__(self, reason: str) -> None:
        """`reason` is for the log."""
        super().__init__(reason)
        self.reason = reason


class _Registry(jws.JWSRegistry):
    """The library's limits, as large as the token may be: an address in the header is longer than it allows for."""

    max_header_length = max_payload_length = max_signature_length = MOST_BYTES


class Header(Struct, gc=False):
    """What is read of the header; `kid` may hold any character."""

    alg: str
    kid: str
    typ: str | None = None
    jku: str | None = None


class Claims(Struct, gc=False):
    """What is read of the claims, whoever signs; what only some write stands in a class below this."""

    iss: str
    aud: str | list[str]
    exp: float
    iat: float | None = None
    nbf: float | None = None


_Claims = TypeVar("_Claims", bound=Claims)


class Token(NamedTuple, Generic[_Claims]):
    """A token that reads well; nothing of it is believed yet."""

    header: Header
    claims: _Claims
    signed: jws.CompactSignature


def read_token(authorization: bytes, kind: type[_Claims], types: Collection[str] = PLAIN) -> Token[_Claims]:
    """The token of an Authorization header, whose `typ`, if any, is one of `types`; raises `Refused`."""
    if len(authorization) > MOST_BYTES:
        raise Refused("it is larger than any token")
    match = _BEARER.fullmatch(authorization)
    if match is None:
        raise Refused("it is no bearer token of three parts")
    try:
        signed = jws.extract_compact(match[1], registry=_Registry())
        header = msgspec.convert(signed.protected, Header)
        claims = msgspec.json.decode(signed.payload, type=kind)
    # The library's own errors, and those of the JSON it looks into before it knows what it is.
    except (JoseError, msgspec.MsgspecError, LookupError, RecursionError, TypeError, ValueError):
        raise Refused("its header or claims cannot be read, or lack alg, kid, iss, aud or exp") from None
    if not _EXTENSIONS.isdisjoint(signed.protected):
        raise Refused("its header asks for an extension")
    if header.typ is not None and header.typ.upper() not in types:
        raise Refused("its typ is not that of such a token")
    if not header.kid:
        raise Refused("it names no key")
    return Token(header, claims, signed)


def check_times(claims: Claims, now: float) -> None:
    """Raises `Refused` for a token that is not good at this moment, in seconds since 1970."""
    if not now < claims.exp:
        raise Refused("it has expired; compare its clock with ours")
    if claims.exp > _LAST_MOMENT:
        raise Refused("its exp is no time")
    if claims.iat is not None and claims.iat > now + SKEW_SECONDS:
        raise Refused("it was issued in the future; compare its clock with ours")
    if claims.nbf is not None and claims.nbf > now + SKEW_SECONDS:
        raise Refused("it is not good yet; compare its clock with ours")


def check_audience(claims: Claims, addresses: Collection[str]) -> None:
    """Raises `Refused` for a token that is made out to somebody else."""
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if not any(one in addresses for one in named):
        raise Refused("its aud is not an address of ours; name in audiences what is written into it")


def check_signature(token: Token[_Claims], key: PublicKey) -> None:
    """Raises `Refused` unless the key has signed the token."""
    registry = _Registry(algorithms=[key.algorithm], strict_check_header=False)
    try:
        good = jws.validate_compact(token.signed, key.key, registry=registry)
    except (JoseError, ValueError):
        good = False
    if not good:
        raise Refused("its signature is not of the key that it names")
