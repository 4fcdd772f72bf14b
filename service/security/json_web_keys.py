"""Other people's public keys: what of a JSON Web Key Set may verify a signature here."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from msgspec import Raw, Struct

from service.security.keys import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Verified = Literal["ES256", "ES384", "RS256", "RS384"]
# The least that RFC 7518 allows, and the most that is checked in a millisecond or so.
_BITS: Final = range(2048, 8192 + 1)
_VERIFIES: Final = "verify"
_SIGNATURES: Final = "sig"
_OF_CURVE: Final[dict[str, tuple[Verified, ...]]] = {"P-256": ("ES256",), "P-384": ("ES384",)}
_OF_RSA: Final[tuple[Verified, ...]] = ("RS256", "RS384")
_KEYS: Final[dict[str, str]] = {"ES256": "P-256", "ES384": "P-384", **dict.fromkeys(_OF_RSA, "2048 bits or more")}


class PublicKey(NamedTuple):
    """One key, and an algorithm whose signatures it verifies."""

    kid: str
    algorithm: Verified
    key: ECKey | RSAKey


class _KeySet(Struct, gc=False):
    keys: list[Raw]


class _Key(Struct, gc=False):
    kty: str
    kid: str
    alg: str | None = None
    use: str | None = None
    key_ops: list[str] | None = None
    crv: str = ""
    x: str = ""
    y: str = ""
    n: str = ""
    e: str = ""


def read_key_set(document: bytes, algorithms: Collection[str] = ALGORITHMS) -> tuple[PublicKey, ...]:
    """The keys of a set that are of use for these algorithms, once for each; others are passed over, as RFC 7517 asks.

    Raises ValueError for what is no set.
    """
    try:
        raw = msgspec.json.decode(document, type=_KeySet).keys
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("this is no JSON Web Key Set") from None
    return tuple(key for one in raw for key in _read_key(one, algorithms))


def wanted(algorithms: Collection[str]) -> str:
    """In words, the keys that are of use for these algorithms."""
    return " or ".join(f"{one} ({_KEYS[one]})" for one in algorithms)


def _read_key(raw: Raw, algorithms: Collection[str]) -> Iterator[PublicKey]:
    """A key of ours to use; nothing for any other, a broken one among them."""
    try:
        written = msgspec.json.decode(raw, type=_Key)
        fitting = [one for one in _algorithms(written) if one in algorithms and written.alg in (None, one)]
        if fitting and written.kid:
            key = _imported(written)
            yield from (PublicKey(written.kid, one, key) for one in fitting)
    except (JoseError, msgspec.MsgspecError, RecursionError, ValueError):
        return


def _algorithms(written: _Key) -> tuple[Verified, ...]:
    """What a key can be for, judged by what it is; nothing where it says that it is for something else."""
    if written.use not in (None, _SIGNATURES) or (written.key_ops is not None and _VERIFIES not in written.key_ops):
        return ()
    if written.kty == "EC":
        return _OF_CURVE.get(written.crv, ())
    return _OF_RSA if written.kty == "RSA" and _bits(written.n) in _BITS else ()


def _imported(written: _Key) -> ECKey | RSAKey:
    """Of a private key that somebody has published by mistake, the public part alone."""
    public: dict[str, Any]
    if written.kty == "EC":
        public = {"kty": "EC", "crv": written.crv, "x": written.x, "y": written.y}
        return ECKey.import_key(public)
    public = {"kty": "RSA", "n": written.n, "e": written.e}
    return RSAKey.import_key(public)


def _bits(modulus: str) -> int:
    padded = modulus.rstrip("=") + "=" * (-len(modulus.rstrip("=")) % 4)
    return int.from_bytes(base64.urlsafe_b64decode(padded), "big").bit_length()
