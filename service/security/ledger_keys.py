"""What is made of a ledger's one secret: a key for its pseudonyms, and a pair of keys that signs.

Who holds the public key can check heads and receipts, and who holds the secret can find out whether a row is about
somebody they know; nobody can do either from the rows alone.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import OKPKey

if TYPE_CHECKING:
    from pydantic import SecretStr

ALGORITHM: Final = "EdDSA"
CURVE: Final = "Ed25519"
_BYTES: Final = 32
# Half of a hash tells apart all that a site will ever have, and is half as long in every row.
_PSEUDONYM_BYTES: Final = 16


class PublicLedgerKey:
    """The key that checks what a ledger has signed; `kid` is its thumbprint (RFC 7638)."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        """`key` as the library has it."""
        self._key = key
        x = as_text(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        known: dict[str, Any] = {"kty": "OKP", "crv": CURVE, "x": x}
        self.kid = OKPKey.import_key(known).thumbprint()
        self.jwk = {**known, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}

    def has_signed(self, content: bytes, signature: str) -> bool:
        """Whether a signature is this key's, of exactly this content."""
        try:
            self._key.verify(as_bytes(signature), content)
        except (InvalidSignature, ValueError):
            return False
        return True


class LedgerKeys:
    """All keys of one ledger."""

    def __init__(self, secret: SecretStr) -> None:
        """`secret` is long and random, as the setting asks."""
        whole = secret.get_secret_value().encode()
        self._pseudonyms = _derived(whole, b"moodmarker ledger pseudonyms")
        self._private = Ed25519PrivateKey.from_private_bytes(_derived(whole, b"moodmarker ledger signatures"))
        self.public = PublicLedgerKey(self._private.public_key())

    def pseudonym(self, kind: str, value: str | bytes) -> str:
        """What stands for a value in the ledger; the same value of another kind has another."""
        content = value.encode() if isinstance(value, str) else value
        return hmac.digest(self._pseudonyms, kind.encode() + b"\n" + content, "sha256")[:_PSEUDONYM_BYTES].hex()

    def sign(self, content: bytes) -> str:
        """The signature of some content, in base64url."""
        return as_text(self._private.sign(content))


def public_keys(document: bytes) -> tuple[PublicLedgerKey, ...]:
    """The Ed25519 keys of a JWK or a JSON Web Key Set; others are passed over. `ValueError` for what is neither."""
    try:
        written = msgspec.json.decode(document)
        return tuple(
            _read(one) for one in written.get("keys", [written]) if one.get("kty") == "OKP" and one.get("crv") == CURVE
        )
    except (msgspec.MsgspecError, AttributeError, LookupError, TypeError, ValueError, RecursionError):
        raise ValueError("this is neither a JWK nor a set of them") from None


def _read(written: dict[str, Any]) -> PublicLedgerKey:
    return PublicLedgerKey(Ed25519PublicKey.from_public_bytes(as_bytes(written["x"])))


def as_text(content: bytes) -> str:
    """Base64url without padding, as JOSE has it."""
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def as_bytes(text: str) -> bytes:
    """What base64url without padding stands for; `ValueError` for anything else, another spelling of it among them."""
    content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if as_text(content) != text:
        raise ValueError
    return content


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=purpose).derive(secret)
