"""How long the background tasks wait for what; tests wait less."""

from __future__ import annotations

from typing import NamedTuple


class Timings(NamedTuple):
    """Seconds."""

    # After a crash nobody works on a patient for this long.
    claim: float = 20.0
    # How often an idle worker looks for work that other processes have enqueued.
    idle: float = 1.0
    # Longest that one patient may take, fetching and writing together.
    patience: float = 300.0
    first_pause: float = 5.0
    longest_pause: float = 3600.0
    # The same where it is our own side that has to recover: what is urgent is written soon after that.
    longest_own_pause: float = 60.0
    # How often subscriptions are looked at, and how long the lease of who does it lasts.
    watch: float = 5.0
    lease: float = 20.0
    # A missing event may only be late.
    grace: float = 15.0
    # However many notifications tell nothing, whom they were about is asked no more often.
    between_resyncs: float = 10.0
    # Servers that count nothing lose notifications without a trace: what changed is looked for all the same. Of those
    # that count it is looked for so that a recovery never has far to reach back.
    sweep: float = 3600.0
    sweep_counted: float = 86_400.0
    # How often a server without heartbeats is asked whether it still sends.
    check: float = 300.0
    # How often one that has ended is looked at and asked for again.
    revive: float = 3600.0
    # How much longer than its period a heartbeat may take.
    overdue: float = 1.5
    # After so long without a sign a worker, or a watch that may be waiting for many servers, is not well.
    silence: float = 60.0
    watch_silence: float = 600.0


TIMINGS = Timings()
# What does not pass by itself is tried for two hours.
MOST_TRIES = 12


def pause_after(tries: int, timings: Timings) -> float:
    """The wait after so many tries that failed: twice as long each time, up to a limit."""
    return float(min(timings.first_pause * 2 ** min(tries, 30), timings.longest_pause))
