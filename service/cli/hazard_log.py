"""The hazard log as a page: each hazard with what the product does against it, and the tests that prove that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

SEVERITIES: Final = {
    1: "could hide a suicide alert, or alert about the wrong patient",
    2: "a wrong flag",
    3: "noise",
}
_HEAD: Final = """\
# Hazard log

What could go wrong for a patient, how bad that would be, what the product does against it, and the tests that
prove it. The build fails when a hazard has no test. Written by `moodmarker generate` from `hazards.json`.

| | Hazard | Severity |
|---|---|---|
"""


class Control(msgspec.Struct, forbid_unknown_fields=True):
    """One module of the product, and what it does against the hazard."""

    module: str
    does: str


class Hazard(msgspec.Struct, forbid_unknown_fields=True):
    """One hazard; `behaviour` is what has to hold, `tests` are pytest node ids without parameters."""

    id: str
    hazard: str
    severity: int
    behaviour: str
    controls: list[Control]
    tests: list[str]


def read_hazards(log: bytes) -> list[Hazard]:
    """The hazards of hazards.json."""
    return msgspec.json.decode(log, type=list[Hazard])


def hazard_page(hazards: list[Hazard]) -> str:
    """The page that people read."""
    rows = "".join(f"| [{one.id}](#{one.id.lower()}) | {one.hazard} | {one.severity} |\n" for one in hazards)
    return _HEAD + rows + "".join(line for one in hazards for line in _section(one))


def _section(one: Hazard) -> Iterator[str]:
    yield f"\n## {one.id}\n\n{one.hazard}\n\n"
    yield f"**Severity** {one.severity}: {SEVERITIES[one.severity]}.\n\n"
    yield f"**What has to hold.** {one.behaviour}\n\n"
    yield from lines_of(one.controls, one.tests)


def lines_of(controls: list[Control], tests: list[str]) -> Iterator[str]:
    """What is done against something, and what proves it."""
    yield "**Controls**\n\n"
    yield from (f"- `{control.module}`: {control.does}\n" for control in controls)
    yield "\n**Proved by**\n\n"
    yield from (f"- `{test}`\n" for test in tests)
