"""The service's own signing keys: a folder with one private JWK a file, published without their private part.

A file is named after its key, `<kid>.json`. Nobody but its owner may read it, and its group only where that is how the
service itself may. Besides what RFC 7517 names, a key carries `iat`, when it was made, and `nbf`, from when on it
signs: servers that have read the published set before learn of a new key in the meantime. A key without them is the
oldest.
"""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from os import stat_result
    from pathlib import Path

Algorithm = Literal["ES384", "RS384"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("ES384", "RS384")
CURVE: Final = "P-384"
# 2048 bits, in base64: the least that RFC 7518 allows.
_SHORTEST_MODULUS: Final = 342
_PUBLIC: Final = {"ES384": ("crv", "x", "y"), "RS384": ("n", "e")}
_PRIVATE: Final = {"ES384": ("d",), "RS384": ("d", "p", "q", "dp", "dq", "qi")}
_KTY: Final = {"ES384": "EC", "RS384": "RSA"}
# The year 5138: what is later is no time, or one in another unit.
_LAST_MOMENT: Final = 1e11
_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_OF_ANOTHER: Final = "let its owner and one group of the service read it, and nobody else: chmod 440"
_SUFFIX: Final = ".json"
_State = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key: when it was made and from when on it signs, in seconds since 1970."""

    kid: str
    algorithm: Algorithm
    made: float
    signs_from: float
    private: ECKey | RSAKey = field(repr=False, compare=False)

    @property
    def public(self) -> dict[str, Any]:
        """The JWK that everybody may see."""
        known = self.private.as_dict(private=False)
        numbers = {name: known[name] for name in _PUBLIC[self.algorithm]}
        return {"kty": _KTY[self.algorithm], "kid": self.kid, "alg": self.algorithm, "use": "sig", **numbers}

    @property
    def document(self) -> bytes:
        """The JWK as it stands in its file, private part and all."""
        whole = self.private.as_dict(private=True)
        numbers = {name: whole[name] for name in _PRIVATE[self.algorithm] if name in whole}
        return json.dumps({**self.public, **numbers, "iat": self.made, "nbf": self.signs_from}).encode()


def in_order(keys: Iterable[SigningKey]) -> list[SigningKey]:
    """Oldest first."""
    return sorted(keys, key=lambda key: (key.signs_from, key.made, key.kid))


def signing_key(keys: Iterable[SigningKey], algorithm: Algorithm, now: float) -> SigningKey | None:
    """The newest key of an algorithm that signs by now; where none does, the one that is to be the first."""
    known = in_order(key for key in keys if key.algorithm == algorithm)
    begun = [key for key in known if key.signs_from <= now]
    return begun[-1] if begun else next(iter(known), None)


class KeyFolder:
    """The keys of a folder, read anew when a file of it has changed, so that a rotation needs no restart."""

    def __init__(self, folder: Path) -> None:
        """Raises `SettingsError` when the folder holds no key, or one that is not safe to use."""
        self._folder = folder
        self._told = ""
        self._state = _state(folder)
        self._keys = read_keys(folder)
        if not self._keys:
            raise SettingsError(_no_key(folder))

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """What is in the folder now; while that cannot be read, what could be read last and was not removed since."""
        state = _state(self._folder)
        if state is None or state != self._state:
            try:
                self._keys = read_keys(self._folder)
                # Only now: what could not be read is tried again, though no file may change meanwhile.
                self._state = state
                self._tell("" if self._keys else _no_key(self._folder))
            except SettingsError as error:
                self._tell(str(error))
                if state is not None:
                    self._keep_only({name for name, *_ in state})
        return self._keys

    def _keep_only(self, files: Collection[str]) -> None:
        """A key that somebody took away is not used again, whatever is wrong with another."""
        self._keys = tuple(key for key in self._keys if file_name(key.kid) in files)

    def _tell(self, fault: str) -> None:
        """Logs a fault once, however often the folder is looked at while it lasts."""
        if fault and fault != self._told:
            structlog.get_logger().error("signing keys not read", reason=fault)
        self._told = fault

    def signing(self, algorithm: Algorithm) -> SigningKey | None:
        """The key that signs at this moment."""
        return signing_key(self.keys, algorithm, time.time())

    def published(self) -> dict[str, Any]:
        """The JSON Web Key Set: every key, for the old ones may still be met and the new ones soon."""
        return {"keys": [key.public for key in reversed(in_order(self.keys))]}


def read_keys(folder: Path) -> tuple[SigningKey, ...]:
    """Every key of a folder; raises `SettingsError` naming the file that cannot be used."""
    try:
        return tuple(map(read_key, key_files(folder)))
    except OSError as error:
        raise SettingsError(
            f"{_place(folder)} cannot be read ({error.strerror}); name the whole path of a folder that "
            "`moodmarker keys new --folder` has made"
        ) from None


def key_files(folder: Path) -> list[Path]:
    """The files that are to hold keys; raises `OSError`."""
    return sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)


def file_name(kid: str) -> str:
    """The file of a key."""
    return f"{kid}{_SUFFIX}"


def read_key(path: Path) -> SigningKey:
    """The key of a file that is safe to use; raises `SettingsError`, and `OSError`."""
    known = path.stat()
    if _is_open(known):
        remedy = f"run: chmod 600 {path}" if known.st_uid == os.geteuid() else _OF_ANOTHER
        raise SettingsError(f"{_place(path)} is open to others (mode {stat.S_IMODE(known.st_mode):04o}); {remedy}")
    return key_in(path)


def _is_open(known: stat_result) -> bool:
    """Whether more than the service may open a file, or anybody else may change it.

    A file of another owner that a group of ours may read is how Kubernetes hands a Secret to who is not root.
    """
    ours = known.st_gid in {os.getegid(), *os.getgroups()}
    through_group = stat.S_IRGRP if ours and known.st_uid != os.geteuid() else 0
    return bool(known.st_mode & _FOR_OTHERS & ~through_group)


def key_in(path: Path) -> SigningKey:
    """As `read_key`, whoever else may open the file."""
    try:
        written = json.loads(path.read_bytes())
        return _key(written, path.stem)
    # The text of these errors may repeat what is in the file.
    except (JoseError, LookupError, TypeError, ValueError):
        raise SettingsError(
            f"{_place(path)} is no private JWK of ES384 (P-384) or RS384 (2048 bits or more) with its alg, "
            "and a kid that is the file's name; make one with: moodmarker keys new"
        ) from None


def _key(written: dict[str, Any], name: str) -> SigningKey:
    """The key in a file's JSON; raises some error for anything else."""
    algorithm = ALGORITHMS[ALGORITHMS.index(written["alg"])]
    if written["kid"] != name:
        raise ValueError
    numbers = {part: written[part] for part in _PUBLIC[algorithm]}
    numbers |= {part: written[part] for part in _PRIVATE[algorithm] if part in written or part == "d"}
    private: ECKey | RSAKey
    if algorithm == "ES384":
        if numbers["crv"] != CURVE:
            raise ValueError
        private = ECKey.import_key({"kty": "EC", **numbers})
    else:
        if len(numbers["n"]) < _SHORTEST_MODULUS:
            raise ValueError
        private = RSAKey.import_key({"kty": "RSA", **numbers})
    return SigningKey(name, algorithm, _moment(written, "iat"), _moment(written, "nbf"), private)


def _moment(written: dict[str, Any], name: str) -> float:
    seconds = float(written.get(name, 0))
    if not 0 <= seconds <= _LAST_MOMENT:
        raise ValueError
    return seconds


def _state(folder: Path) -> _State | None:
    """What differs once a file was added, removed, replaced, or opened to others; None where it cannot be looked at."""
    try:
        files = [(path.name, path.stat()) for path in sorted(folder.iterdir())]
    except OSError:
        return None
    return tuple((name, *_stamp(known)) for name, known in files)


def _stamp(known: stat_result) -> tuple[int, int]:
    return known.st_ino, known.st_ctime_ns


def _no_key(folder: Path) -> str:
    return f"{_place(folder)} holds no key; make one with: moodmarker keys new"


def _place(path: Path) -> str:
    return f"{variable_of('keys')}: {path}"
