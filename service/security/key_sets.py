"""Where the public keys of a client are: in a file that the site keeps, or at an address that the client names."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Final

import structlog

from service.security.json_web_keys import read_key_set
from service.security.key_fetching import KeysUnavailable
from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from pathlib import Path

    from service.security.json_web_keys import PublicKey
    from service.security.key_fetching import KeyFetching

# A key that its owner has withdrawn is good for so long, unless the owner's server is down.
FRESH_SECONDS: Final = 600.0
KEPT_SECONDS: Final = 24 * 3600.0
# Whoever invents kids makes nobody ask more often than this.
BETWEEN_SEARCHES: Final = 60.0
AFTER_FAILURE: Final = 10.0


class KeyFile:
    """The key set of a file, read anew when it has changed, so that a rotation needs no restart."""

    def __init__(self, name: str, path: Path) -> None:
        """`name` is the client's; raises `SettingsError` for a file that cannot be used."""
        self._place = f"{variable_of('cds_clients')}: {name}: the key_file {path}"
        self._path = path
        self._stamp = _stamp(path)
        self._keys = self._read()
        self._told = ""

    async def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this name that is for this algorithm."""
        stamp = _stamp(self._path)
        if stamp != self._stamp or self._told:
            self._read_anew(stamp)
        return _one_of(self._keys, kid, algorithm)

    def _read_anew(self, stamp: tuple[int, ...]) -> None:
        """While a file cannot be read its last keys stay; who takes it away takes them away."""
        try:
            self._keys = self._read()
            self._told = ""
        except SettingsError as error:
            if not stamp:
                self._keys = ()
            if str(error) != self._told:
                self._told = str(error)
                structlog.get_logger().error("keys of a client not read", reason=self._told)
        self._stamp = stamp

    def _read(self) -> tuple[PublicKey, ...]:
        try:
            keys = read_key_set(self._path.read_bytes())
        except OSError as error:
            raise SettingsError(f"{self._place} cannot be read ({error.strerror})") from None
        except ValueError:
            keys = ()
        if not keys:
            raise SettingsError(
                f"{self._place} is no JSON Web Key Set with a public key for ES384 (P-384) or RS384 (2048 bits or "
                "more) that has a kid"
            )
        return keys

    async def close(self) -> None:
        """Nothing is open."""


class FetchedKeys:
    """The key set of an address: however many ask at a time, one request is made."""

    def __init__(self, name: str, url: str, fetching: KeyFetching) -> None:
        """`name` is the client's, for the log; nothing is fetched before a key is asked for."""
        self._name = name
        self._url = url
        self._fetching = fetching
        self._keys: tuple[PublicKey, ...] = ()
        self._fetched_at = float("-inf")
        self._searched_at = float("-inf")
        self._quiet_until = float("-inf")
        self._request: asyncio.Task[None] | None = None

    async def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this name that is for this algorithm; raises `KeysUnavailable` where there are none at all."""
        began = monotonic()
        if began - self._fetched_at > FRESH_SECONDS:
            await self._fetch()
        found = _one_of(self._keys, kid, algorithm)
        if found is None and self._fetched_at < began and self._may_search(began):
            await self._fetch()
            found = _one_of(self._keys, kid, algorithm)
        if not self._keys:
            raise KeysUnavailable("its keys could not be fetched")
        return found

    def _may_search(self, now: float) -> bool:
        """A client may sign with a key that it made since; a request that is under way is waited for."""
        if self._request is not None:
            return True
        if now - self._searched_at < BETWEEN_SEARCHES:
            return False
        self._searched_at = now
        return True

    async def _fetch(self) -> None:
        if self._request is None:
            if monotonic() < self._quiet_until:
                return
            self._request = asyncio.ensure_future(self._fetched())
        # Who gives up waiting leaves the request to the others.
        await asyncio.shield(self._request)

    async def _fetched(self) -> None:
        """Takes the keys of now, or keeps those of a day ago at most."""
        try:
            self._keys = await self._fetching.fetch(self._url)
            self._fetched_at = monotonic()
        except KeysUnavailable as fault:
            now = monotonic()
            self._quiet_until = now + AFTER_FAILURE
            if now - self._fetched_at > KEPT_SECONDS:
                self._keys = ()
            structlog.get_logger().warning("keys of a client not fetched", client=self._name, reason=fault.reason)
        finally:
            self._request = None

    async def close(self) -> None:
        """Gives up a request that is under way."""
        if self._request is not None:
            self._request.cancel()
            await asyncio.gather(self._request, return_exceptions=True)


def _one_of(keys: tuple[PublicKey, ...], kid: str, algorithm: str) -> PublicKey | None:
    return next((key for key in keys if key.kid == kid and key.algorithm == algorithm), None)


def _stamp(path: Path) -> tuple[int, ...]:
    """What differs once a file was changed or replaced; nothing where there is none."""
    try:
        known = path.stat()
    except OSError:
        return ()
    return known.st_ino, known.st_ctime_ns, known.st_size
