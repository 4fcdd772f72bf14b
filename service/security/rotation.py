"""Making and replacing signing keys, so that at no moment a server meets a signature of a key that it cannot know."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from joserfc.jwk import ECKey, RSAKey

from service.security.keys import CURVE, SigningKey, in_order, read_keys, signing_key
from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from pathlib import Path

    from service.security.keys import Algorithm

RSA_BITS: Final = 3072
# Servers keep a key set for minutes, as its Cache-Control tells them, or for as long as they like.
WAIT_SECONDS: Final = 3600
# What an old key has signed is good for minutes; a day leaves time to notice that a server knows only that one.
KEPT_SECONDS: Final = 24 * 3600


class Rotation(NamedTuple):
    """What a rotation did: the new key (None where one waits already), and the kids of the keys it removed."""

    made: SigningKey | None
    removed: tuple[str, ...]


def make_key(folder: Path, algorithm: Algorithm, now: float, *, wait: float = WAIT_SECONDS) -> SigningKey:
    """A new key in a folder, which is made as well; the first of its algorithm signs at once, another after `wait`."""
    first = not (folder.exists() and signing_key(read_keys(folder), algorithm, now))
    private = ECKey.generate_key(CURVE) if algorithm == "ES384" else RSAKey.generate_key(RSA_BITS)
    day = datetime.fromtimestamp(now, UTC)
    kid = f"{algorithm.lower()}-{day:%Y%m%d}-{secrets.token_hex(4)}"
    key = SigningKey(kid, algorithm, now, now if first else now + wait, private)
    _write(folder, key)
    return key


def rotate(folder: Path, algorithm: Algorithm, now: float, *, wait: float = WAIT_SECONDS) -> Rotation:
    """A new key beside the one that signs; those replaced for a day or longer are removed. Raises `SettingsError`."""
    known = in_order(key for key in read_keys(folder) if key.algorithm == algorithm)
    current = signing_key(known, algorithm, now)
    if current is None:
        raise SettingsError(f"{variable_of('keys')}: {folder} holds no key of {algorithm} to rotate")
    removed = known[: known.index(current)] if now - current.signs_from >= KEPT_SECONDS else []
    waits = any(key.signs_from > now for key in known)
    made = None if waits and wait else make_key(folder, algorithm, now, wait=wait)
    for key in removed:
        (folder / f"{key.kid}.json").unlink(missing_ok=True)
    return Rotation(made, tuple(key.kid for key in removed))


def _write(folder: Path, key: SigningKey) -> None:
    """Puts the file there whole, for a running service may look at any moment."""
    # Not .json yet.
    draft = folder / f".{key.kid}.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.document)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / f"{key.kid}.json")
    except OSError as error:
        raise SettingsError(f"{variable_of('keys')}: {folder} cannot be written ({error.strerror})") from None
