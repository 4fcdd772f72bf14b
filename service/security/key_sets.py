"""Where the public keys of who signs tokens are: in a file that the site keeps, or at addresses that it names."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from service.security.certificates import trusting
from service.security.failures import Bucket
from service.security.json_web_keys import read_key_set, wanted
from service.security.key_fetching import KeyFetching, KeysUnavailable
from service.security.signed_tokens import Refused
from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from pathlib import Path

    from service.security.json_web_keys import PublicKey
    from service.security.signed_tokens import Header
    from service.settings import Signatory

# A key that its owner has withdrawn is good for so long, unless the owner's server is down.
FRESH_SECONDS: Final = 600.0
KEPT_SECONDS: Final = 24 * 3600.0
# Whoever invents kids makes nobody ask more often than this: so many at once, and one more each so many seconds. Any
# search brings the whole set, so that a new key is known after so many seconds at most.
SEARCHES: Final = 3
SEARCH_SECONDS: Final = 20.0
AFTER_FAILURE: Final = 10.0


_KINDS: Final = {"cds_clients": "client", "issuers": "issuer"}


class NotLookedFor(Refused):
    """A key that is not known, and may be new: its set was fetched too often of late to be fetched again."""


class Owner(NamedTuple):
    """Whose keys they are: the setting that names it, its name there, and how it may sign."""

    setting: str
    name: str
    signatory: Signatory

    @property
    def kind(self) -> str:
        """What it is called in the log."""
        return _KINDS[self.setting]


class Keys:
    """The keys of one owner, wherever the site says that they may be."""

    def __init__(self, owner: Owner, fetching: KeyFetching) -> None:
        """Nothing is fetched yet; raises `SettingsError` for a file that cannot be used.

        `fetching` is for who has no authorities of its own.
        """
        signatory = owner.signatory
        self._own: KeyFetching | None = None
        if signatory.ca_file is not None:
            self._own = fetching = KeyFetching(
                trust=trusting(owner.name, signatory.ca_file, owner.setting), sent=fetching.sent
            )
        self._file = KeyFile(owner, signatory.key_file) if signatory.key_file is not None else None
        self._fetched = {url: FetchedKeys(owner, url, fetching) for url in signatory.key_urls}

    async def close(self) -> None:
        """Lets go of the sockets."""
        for source in self._fetched.values():
            await source.close()
        if self._own is not None:
            await self._own.close()

    async def find(self, header: Header) -> PublicKey:
        """The key that a header names; raises `Refused`, `NotLookedFor` and `KeysUnavailable`."""
        fault: Refused | KeysUnavailable | None = None
        for source in self._sources(header.jku):
            try:
                key = await source.find(header.kid, header.alg)
            except (NotLookedFor, KeysUnavailable) as theirs:
                # Another of the addresses may have it.
                fault = theirs
                continue
            if key is not None:
                return key
        raise fault or Refused("it names a key that its key set does not have for its alg")

    def _sources(self, address: str | None) -> list[KeyFile | FetchedKeys]:
        if self._file is not None:
            return [self._file]
        if address is None:
            return list(self._fetched.values())
        if address not in self._fetched:
            raise Refused("its jku is none of its key_urls")
        return [self._fetched[address]]


class KeyFile:
    """The key set of a file, read anew when it has changed, so that a rotation needs no restart."""

    def __init__(self, owner: Owner, path: Path) -> None:
        """Raises `SettingsError` for a file that cannot be used."""
        self._owner = owner
        self._place = f"{variable_of(owner.setting)}: {owner.name}: the key_file {path}"
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
                structlog.get_logger().error("keys not read", reason=self._told)
        self._stamp = stamp

    def _read(self) -> tuple[PublicKey, ...]:
        algorithms = self._owner.signatory.algorithms
        try:
            keys = read_key_set(self._path.read_bytes(), algorithms)
        except OSError as error:
            raise SettingsError(f"{self._place} cannot be read ({error.strerror})") from None
        except ValueError:
            keys = ()
        if not keys:
            raise SettingsError(
                f"{self._place} is no JSON Web Key Set with a public key for {wanted(algorithms)} that has a kid"
            )
        return keys


class FetchedKeys:
    """The key set of an address: however many ask at a time, one request is made."""

    def __init__(self, owner: Owner, url: str, fetching: KeyFetching) -> None:
        """Nothing is fetched before a key is asked for."""
        self._owner = owner
        self._url = url
        self._fetching = fetching
        fetching.may_ask(url, owner.name)
        self._keys: tuple[PublicKey, ...] = ()
        self._fetched_at = float("-inf")
        self._searches = Bucket(SEARCHES, SEARCH_SECONDS)
        self._quiet_until = float("-inf")
        self._request: asyncio.Task[None] | None = None

    async def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this name that is for this algorithm.

        Raises `KeysUnavailable` where there are none at all, and `NotLookedFor` for one that may be new.
        """
        began = monotonic()
        if began - self._fetched_at > FRESH_SECONDS:
            await self._fetch()
        found = _one_of(self._keys, kid, algorithm)
        if found is None and self._fetched_at < began:
            searched = self._may_search()
            if searched:
                await self._fetch()
                found = _one_of(self._keys, kid, algorithm)
            if not searched and self._keys:
                raise NotLookedFor("it names a key that is not known, and new ones were looked for too often of late")
        if not self._keys:
            raise KeysUnavailable("its keys could not be fetched")
        return found

    def _may_search(self) -> bool:
        """A client may sign with a key that it made since; a request that is under way is waited for."""
        if self._request is not None:
            return True
        if self._searches.wait():
            return False
        self._searches.take()
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
            self._keys = await self._fetching.fetch(self._url, self._owner.signatory.algorithms)
            self._fetched_at = monotonic()
        except KeysUnavailable as fault:
            now = monotonic()
            self._quiet_until = now + AFTER_FAILURE
            if now - self._fetched_at > KEPT_SECONDS:
                self._keys = ()
            named = {self._owner.kind: self._owner.name}
            structlog.get_logger().warning("keys not fetched", **named, reason=fault.reason)
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
