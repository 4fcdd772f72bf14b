"""The secret of a subscription: what a FHIR server has to send with each notification, made anew when it is needed."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr


def secret_of(key: SecretStr, subscription: str) -> str:
    """The secret of a subscription's id, in hexadecimal; stored nowhere here."""
    return hmac.new(key.get_secret_value().encode(), subscription.encode(), hashlib.sha256).hexdigest()


def is_sent_by(key: SecretStr, subscription: str, authorization: bytes) -> bool:
    """Whether an Authorization header holds the secret of this subscription; takes as long either way."""
    return hmac.compare_digest(authorization, f"Bearer {secret_of(key, subscription)}".encode())


def store_key(key: SecretStr) -> bytes:
    """The key of the hashes that are stored; who reads the store learns nothing of the secrets from them."""
    return hmac.digest(key.get_secret_value().encode(), b"moodmarker store", "sha256")
