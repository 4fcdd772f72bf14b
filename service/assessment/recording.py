"""Recording what was decided, before it is told: on a ledger where the site keeps one, and else not at all."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from uuid import uuid4

import msgspec

from service.assessment.verdicts import shadow_of, verdicts_of
from service.errors import Overloaded
from service.store import StoreUnavailable
from service.store.ledger_chain import Entry, moment
from service.store.ledger_values import LedgerFull

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.findings import Assessment
    from service.security.ledger_keys import LedgerKeys
    from service.store.ledger import Ledger

CHECK, INSTANCE, WRITE, HOOK, SUBSCRIPTION = "check", "instance", "write", "cds-hooks", "subscription"
_AWAY: Final = "What was found could not be recorded, so it is not told; try again in a second."
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class Decided(NamedTuple):
    """What an answer rests on; read only where a record of it is kept.

    `data` are the bytes that were evaluated; where some was sent and some fetched for it, `data` is what was sent and
    `fetched` the whole. `told` says of each Flag of the assessment how it was told, where an answer does not hold them
    all. `replaces` is the decision that this one takes the place of.
    """

    assessment: Assessment
    data: bytes
    fetched: bytes = b""
    told: tuple[str, ...] = ()
    replaces: str = ""


class Recorded(NamedTuple):
    """What a receipt says of the record; `at` is in microseconds since 1970."""

    decision: str
    writer: str
    seq: int
    at: int
    rule_set: str
    input: str


class Recorder(Protocol):
    """Keeps a record of decisions."""

    async def record(self, decided: Decided | None, way: str, caller: str, began: float) -> Recorded | None:
        """Records one, made by a caller's request that `began` by `time.perf_counter`; None where none is kept.

        Raises `Overloaded` where it could not be recorded.
        """


class Unrecorded:
    """The recorder of a site without a ledger."""

    async def record(self, decided: Decided | None, way: str, caller: str, began: float) -> None:
        """Does nothing."""


class OnLedger:
    """The recorder of a site with a ledger; there is none before `ledger` is set."""

    def __init__(self, keys: LedgerKeys, rule_set: str) -> None:
        """`keys` make the pseudonyms; `rule_set` is the digest of what decides."""
        self._keys = keys
        self._rule_set = rule_set
        self.ledger: Ledger | None = None

    async def record(self, decided: Decided | None, way: str, caller: str, began: float) -> Recorded:
        """Records one decision."""
        assert decided is not None  # noqa: S101 - every answer says what it rests on
        if self.ledger is None:
            raise Overloaded("The service is starting or ending; try again in a second.")
        entry = self._entry(decided, way, caller, began)
        try:
            place = await self.ledger.record(entry)
        except LedgerFull:
            raise Overloaded("As much waits to be recorded as may; try again in a second.") from None
        except StoreUnavailable:
            raise Overloaded(_AWAY) from None
        return Recorded(entry.decision, place.writer, place.seq, entry.at, entry.rule_set, entry.input)

    def _entry(self, decided: Decided, way: str, caller: str, began: float) -> Entry:
        assessment, pseudonym = decided.assessment, self._keys.pseudonym
        return Entry(
            decision=uuid4().hex,
            replaces=decided.replaces,
            at=moment(),
            way=way,
            caller=caller,
            rule_set=self._rule_set,
            verdicts=_text(verdicts_of(assessment)),
            shadow=_text(shadow_of(assessment)),
            flags=_encode(self._states(decided)).decode(),
            subject=pseudonym("subject", assessment.chart.patient.key),
            input=pseudonym("input", _digest(decided)),
            duration=int((time.perf_counter() - began) * 1e6),
        )

    def _states(self, decided: Decided) -> dict[str, list[dict[str, str]]]:
        """What became of every Flag, and how it was told; several may have one identifier, the open ones first."""
        flags = decided.assessment.flags
        states: dict[str, list[dict[str, str]]] = {}
        for flag, told in zip(flags, decided.told or ("",) * len(flags), strict=True):
            state = {"state": flag.state.value} | ({"told": told} if told else {})
            states.setdefault(self._keys.pseudonym("flag", flag.identifier), []).append(state)
        return states


class Recording(NamedTuple):
    """How what is decided for one request is to be recorded."""

    recorder: Recorder
    way: str
    caller: str
    began: float

    @classmethod
    def begun(cls, recorder: Recorder, way: str, caller: str) -> Recording:
        """Of a request that begins now."""
        return cls(recorder, way, caller, time.perf_counter())

    async def of(self, decided: Decided | None) -> Recorded | None:
        """The record; raises `Overloaded`."""
        return await self.recorder.record(decided, self.way, self.caller, self.began)


NOT_RECORDED: Final = Recording(Unrecorded(), "", "", 0.0)


def _digest(decided: Decided) -> bytes:
    sent = sha256(decided.data).digest()
    return sha256(sent + sha256(decided.fetched).digest()).digest() if decided.fetched else sent


def _text(pairs: Iterable[tuple[str, str]]) -> str:
    return _encode(dict(pairs)).decode()
