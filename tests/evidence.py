"""Figures that a run of the tests has measured, and the page of the hazard log that shows them.

A test calls `note`; `python -m tests.evidence` writes the page from what the last runs have noted.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

_ROOT: Final = Path(__file__).resolve().parent.parent
NOTES: Final = _ROOT / "build" / "evidence"
PAGE: Final = _ROOT / "contracts" / "hazards" / "evidence.md"
_HEAD: Final = """\
# Evidence

What the service was put through by `make test-all`, and how it stood. Written by the run itself; the tests named here
fail where a figure is not as it has to be.

| What was done | Figure | Test | Measured |
|---|---|---|---|
"""


class Note(NamedTuple):
    """One figure: what was done, what came of it, and the test that measured it."""

    what: str
    figure: str
    test: str
    measured: str


def note(what: str, figure: str, test: str) -> None:
    """Keeps a figure; `test` is the file and name of the test, and a later run of the same takes its place.

    Neither text may name a patient or a folder of this machine.
    """
    NOTES.mkdir(parents=True, exist_ok=True)
    kept = Note(what, figure, test, datetime.now(UTC).date().isoformat())
    file = NOTES / f"{test.replace('/', '.').replace('::', '.')}.{_slug(what)}.json"
    file.write_text(json.dumps(kept._asdict()), encoding="utf-8")


def _slug(what: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in what.lower())[:80]


def page() -> str:
    """The page, by test and by what was done."""
    notes = sorted(Note(**json.loads(file.read_text(encoding="utf-8"))) for file in NOTES.glob("*.json"))
    rows = sorted(notes, key=lambda one: (one.test, one.what))
    return _HEAD + "".join(f"| {one.what} | {one.figure} | `{one.test}` | {one.measured} |\n" for one in rows)


def main() -> int:
    """Writes the page; 1 where no test has noted anything."""
    if not any(NOTES.glob("*.json")):
        print("No figures: run make test-all first.", file=sys.stderr)
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
