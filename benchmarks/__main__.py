"""Measures, prints a table of ratios with machine and versions, and fails when a bar is missed."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import bundle, in_process
from benchmarks.load import CONNECTIONS, Load, measure, paced
from benchmarks.servers import ECHO_PATH, VALIDATE_PATH, running
from service.api.documentation import CHECK_PATH
from service.assessment import Context
from service.cds_hooks.names import SERVICE_PATH
from service.cds_hooks.templates import templates
from service.rules import RULES
from service.settings import PREFIX, load_settings

ROUNDS, SECONDS, PACED_SECONDS = 3, 3.0, 10.0
PATIENTS = 450
LIBRARIES = (
    "fastapi",
    "fhir.resources",
    "httptools",
    "msgspec",
    "orjson",
    "pydantic",
    "starlette",
    "uvicorn",
    "uvloop",
)


class Row(NamedTuple):
    """One comparison: what was measured, and what it has to be."""

    number: str
    what: str
    measured: float
    bar: float
    aim: float
    unit: str
    at_most: bool

    @property
    def holds(self) -> bool:
        """Whether the bar is cleared."""
        return self.measured <= self.bar if self.at_most else self.measured >= self.bar

    def line(self) -> str:
        """The row as it is printed."""
        mark = "ok" if self.holds else "MISSED"
        most = "at most" if self.at_most else "at least"
        numbers = f"{self.measured:8.2f}{self.unit}  {most} {self.bar:g}{self.unit}, aim {self.aim:g}{self.unit}"
        return f"{self.number:<4}{self.what:<58}{numbers:<40}{mark}"


def main() -> int:
    """Runs every row; 1 when a bar is missed."""
    os.environ[f"{PREFIX}SITE_RULES"] = str(Path(__file__).with_name("rules.toml"))
    # All requests of a measurement come from one address.
    os.environ[f"{PREFIX}RATE_PER_SECOND"] = "0"
    context = Context.load(load_settings())
    assert not context.rule_set.off
    body = bundle.request()
    answer = in_process.answer(body, context)
    _tell_machine(body, answer)
    rows = [
        *_rows_in_process(context),
        *_rows_over_http(body, answer),
        *_rows_of_the_ledger(body, answer),
        *_rows_of_hooks(context, answer),
    ]
    for row in rows:
        print(row.line())
    return 0 if all(row.holds for row in rows) else 1


def _tell_machine(body: bytes, answer: bytes) -> None:
    print(f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}")
    print(f"Python {platform.python_version()}; {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}")
    print(f"Request {len(body):,} bytes, answer {len(answer):,} bytes, {len(RULES)} rules\n")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def _rows_in_process(context: Context) -> list[Row]:
    timed = in_process.measure(bundle.requests(PATIENTS), context)
    print(f"{PATIENTS} patients in process: {timed.whole * 1e6:,.0f} us; orjson.loads: {timed.reading * 1e6:,.0f} us")
    return [Row("1", "in process, against orjson.loads", timed.ratio, 3, 2, " x", at_most=True)]


def _rows_over_http(body: bytes, answer: bytes) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        fixed = Path(folder) / "answer.json"
        fixed.write_bytes(answer)
        with running("product", fixed) as ours, running("validating", fixed) as theirs:
            targets = {
                "check": (ours, CHECK_PATH),
                "echo": (ours, ECHO_PATH),
                "validating first": (theirs, VALIDATE_PATH),
            }
            # In turns, so that whatever slows the machine slows all of them.
            loads: dict[str, list[Load]] = {name: [] for name in targets}
            for name, (port, path) in ROUNDS * list(targets.items()):
                loads[name].append(measure(port, path, body, SECONDS))
    check, echo, validating = (_told(name, measured) for name, measured in loads.items())
    print()
    return [
        Row("2a", "over HTTP, against the same server's echo", 100 * check / echo, 10, 20, " %", at_most=False),
        Row(
            "2b",
            "over HTTP, against Bundle.model_validate first",
            check / validating,
            15,
            30,
            " x",
            at_most=False,
        ),
    ]


def _rows_of_the_ledger(body: bytes, answer: bytes) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        fixed = Path(folder) / "answer.json"
        fixed.write_bytes(answer)
        kept, signed = (
            {"LEDGER": f"sqlite:///{folder}/{name}.db", "LEDGER_KEY": "k" * 32} for name in ("ledger", "receipts")
        )
        with (
            running("product", fixed) as plain,
            running("product", fixed, **kept) as ledger,
            running("product", fixed, **signed, RECEIPTS="true") as receipts,
        ):
            ports = {"without a ledger": plain, "ledger, durable": ledger, "ledger and receipts": receipts}
            loads: dict[str, list[Load]] = {name: [] for name in ports}
            for name, port in ROUNDS * list(ports.items()):
                loads[name].append(measure(port, CHECK_PATH, body, SECONDS))
    without, durable, receipted = (_told(name, measured) for name, measured in loads.items())
    print()
    return [
        Row("3a", "ledger on, durable, against none", 100 * durable / without, 60, 80, " %", at_most=False),
        Row("3b", "receipts too, against none", 100 * receipted / without, 50, 70, " %", at_most=False),
    ]


def _rows_of_hooks(context: Context, answer: bytes) -> list[Row]:
    call = bundle.hook(templates(context.rule_set.rules, context.terminology), datetime.now(UTC).date())
    with tempfile.TemporaryDirectory() as folder:
        fixed = Path(folder) / "answer.json"
        fixed.write_bytes(answer)
        with running("product", fixed) as port:
            most = measure(port, SERVICE_PATH, call, SECONDS).rate
            took = sorted(paced(port, SERVICE_PATH, call, most / 2, PACED_SECONDS))
    middle, slow = median(took), took[int(len(took) * 0.99)]
    print(f"\nCDS Hooks, full prefetch of {len(call):,} bytes: at most {most:,.1f} a second; at half of that")
    print(f"{len(took):,} calls: median {middle * 1e3:.2f} ms, 99th percentile {slow * 1e3:.2f} ms\n")
    return [Row("5", "CDS Hooks: 99th percentile against median", slow / middle, 8, 4, " x", at_most=True)]


def _told(name: str, loads: list[Load]) -> float:
    rate, busy = median(load.rate for load in loads), max(load.busy for load in loads)
    print(f"over HTTP, {CONNECTIONS} connections, {name}: {rate:,.1f} a second (generator busy {busy:.0%})")
    return rate


if __name__ == "__main__":
    sys.exit(main())
