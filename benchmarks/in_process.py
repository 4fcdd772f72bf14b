"""Row 1: request bytes to answer bytes in this process, against reading the same bytes as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import NamedTuple

import orjson

from service.api.garbage import settle_garbage_collector
from service.assessment import CheckOptions, Context, assess

WARM_UP = 50
FLAGS = 2


class InProcess(NamedTuple):
    """Medians in seconds."""

    whole: float
    reading: float

    @property
    def ratio(self) -> float:
        """How many readings the whole costs."""
        return self.whole / self.reading


def measure(bodies: Sequence[bytes], context: Context) -> InProcess:
    """Times both in turn, so that whatever slows the machine slows both; each body, of another patient, once.

    The first `WARM_UP` are answered and not timed.
    """
    now, options = datetime.now(UTC), CheckOptions()
    settle_garbage_collector()
    for body in bodies[:WARM_UP]:
        answer(body, context)
        orjson.loads(body)
    whole, reading = [], []
    for body in bodies[WARM_UP:]:
        whole.append(_timed(partial(assess, body, options, context, now)))
        reading.append(_timed(partial(orjson.loads, body)))
    return InProcess(median(whole), median(reading))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def answer(body: bytes, context: Context) -> bytes:
    """The answer that is measured; fails unless it raises the flags that the comparison is stated for."""
    answered = assess(body, CheckOptions(), context, datetime.now(UTC))
    flags = [
        entry["resource"]["code"]["coding"][0]["code"]
        for entry in json.loads(answered.body)["entry"]
        if entry["resource"]["resourceType"] == "Flag"
    ]
    if len(flags) != FLAGS:
        raise AssertionError(f"the Bundle is to raise {FLAGS} flags and raises {flags}")
    if len(answered.verdicts) != len(context.rule_set.rules) or context.rule_set.off:
        raise AssertionError("every rule is to be active")
    return answered.body
