"""Making and replacing signing keys, so that at no moment a server meets a signature of a key that it cannot know."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from joserfc.jwk import ECKey, RSAKey

from service.security.keys import (
    CURVE,
    SigningKey,
    file_name,
    in_order,
    key_files,
    key_in,
    read_key,
    read_keys,
    signing_key,
)
from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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


class Removal(NamedTuple):
    """What a removal did: whether the key signed, and the one that signs in its place (None: there is none)."""

    signed: bool
    successor: SigningKey | None


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
        (folder / file_name(key.kid)).unlink(missing_ok=True)
    return Rotation(made, tuple(key.kid for key in removed))


def remove(folder: Path, kid: str, now: float, *, force: bool = False) -> Removal:
    """Takes a key away at once, as one that others have seen; raises `SettingsError`.

    One that no other follows goes with `force` only. A file that nobody uses, as it is open to others, may go too.
    """
    place = f"{variable_of('keys')}: {folder}"
    try:
        files = key_files(folder)
        path = next((path for path in files if path.name == file_name(kid)), None)
        if path is None:
            raise SettingsError(f"{place} holds no key {kid}; see: moodmarker keys list")
        removal = _removal(path, [other for other in files if other != path], now)
        if removal.signed and removal.successor is None and not force:
            raise SettingsError(
                f"{kid} is the only key of its algorithm. Make another first: moodmarker keys rotate --at-once. "
                "With --force it goes all the same, and no token is had until there is a new one."
            )
        path.unlink()
    except OSError as error:
        raise SettingsError(
            f"{place} cannot be changed ({error.strerror}); take the key away where it is kept"
        ) from None
    return removal


def _removal(path: Path, others: list[Path], now: float) -> Removal:
    """What comes of it; a file that holds no key is followed by nobody."""
    try:
        key = key_in(path)
    except SettingsError:
        return Removal(signed=False, successor=None)
    left = list(_usable(others))
    signed = signing_key([key, *left], key.algorithm, now) == key
    return Removal(signed, signing_key(left, key.algorithm, now) if signed else None)


def _usable(files: Iterable[Path]) -> Iterator[SigningKey]:
    """The keys of those files that hold one which the service takes."""
    for path in files:
        with suppress(SettingsError):
            yield read_key(path)


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
        draft.rename(folder / file_name(key.kid))
    except OSError as error:
        raise SettingsError(f"{variable_of('keys')}: {folder} cannot be written ({error.strerror})") from None
