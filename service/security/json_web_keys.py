"""Other people's public keys: what of a JSON Web Key Set may verify a signature here."""

from __future__ import annotations

import base64
from typing import Any, Final, NamedTuple

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from msgspec import Raw, Struct

from service.security.keys import CURVE, Algorithm

# The least that RFC 7518 allows, and the most that is checked in a millisecond or so.
_BITS: Final = range(2048, 8192 + 1)
_VERIFIES: Final = "verify"
_SIGNATURES: Final = "sig"


class PublicKey(NamedTuple):
    """One key, and the only algorithm whose signatures it verifies."""

    kid: str
    algorithm: Algorithm
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


def read_key_set(document: bytes) -> tuple[PublicKey, ...]:
    """The keys of a set that are of use; others are passed over, as RFC 7517 asks. ValueError for what is no set."""
    try:
        raw = msgspec.json.decode(document, type=_KeySet).keys
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("this is no JSON Web Key Set") from None
    return tuple(key for one in raw if (key := _read_key(one)) is not None)


def _read_key(raw: Raw) -> PublicKey | None:
    """A key of ours to use; None for any other, a broken one among them."""
    try:
        written = msgspec.json.decode(raw, type=_Key)
        algorithm = _algorithm(written)
        if algorithm is None or not written.kid:
            return None
        return PublicKey(written.kid, algorithm, _imported(written, algorithm))
    except (JoseError, msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _algorithm(written: _Key) -> Algorithm | None:
    """What a key is for, judged by what it is; None where it says that it is for something else."""
    algorithm: Algorithm
    if written.kty == "EC" and written.crv == CURVE:
        algorithm = "ES384"
    elif written.kty == "RSA" and _bits(written.n) in _BITS:
        algorithm = "RS384"
    else:
        return None
    fits = written.alg in (None, algorithm) and written.use in (None, _SIGNATURES)
    return algorithm if fits and (written.key_ops is None or _VERIFIES in written.key_ops) else None


def _imported(written: _Key, algorithm: Algorithm) -> ECKey | RSAKey:
    """Of a private key that somebody has published by mistake, the public part alone."""
    public: dict[str, Any]
    if algorithm == "ES384":
        public = {"kty": "EC", "crv": written.crv, "x": written.x, "y": written.y}
        return ECKey.import_key(public)
    public = {"kty": "RSA", "n": written.n, "e": written.e}
    return RSAKey.import_key(public)


def _bits(modulus: str) -> int:
    padded = modulus.rstrip("=") + "=" * (-len(modulus.rstrip("=")) % 4)
    return int.from_bytes(base64.urlsafe_b64decode(padded), "big").bit_length()
