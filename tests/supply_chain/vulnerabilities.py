"""What is known of the pinned packages, from pip-audit's report on standard input.

Ends with 1 where a vulnerability is known. Where the report's source knows none of the packages, nothing was checked,
and that is said: it is not the same as none being known.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.supply_chain.names import normalised

Json = dict[str, Any]
_PIN: Final = re.compile(r"^([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?==", re.MULTILINE)


class Audit(NamedTuple):
    """The pinned packages, those of which nothing could be said, and what is known of the others."""

    pinned: frozenset[str]
    unknown: frozenset[str]
    known: tuple[str, ...]

    def told(self) -> str:
        """A line for a person."""
        if self.known:
            return f"Known vulnerabilities: {'; '.join(self.known)}. Raise the pins with `make lock`."
        if self.unknown == self.pinned:
            return f"NOT CHECKED: no data on any of the {len(self.pinned)} pinned packages can be had here."
        if self.unknown:
            return (
                f"No known vulnerability in {len(self.pinned - self.unknown)} of {len(self.pinned)} pinned packages; "
                f"NOT CHECKED: {', '.join(sorted(self.unknown))}."
            )
        return f"No known vulnerability in {len(self.pinned)} pinned packages."


def audit_of(report: str, lock: str) -> Audit:
    """What a report says of the packages of a lock; one that is no report, for its source was not reached, is empty."""
    pinned = frozenset(normalised(name) for name in _PIN.findall(lock))
    try:
        dependencies: list[Json] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        dependencies = []
    looked_up = {normalised(one["name"]) for one in dependencies if "skip_reason" not in one}
    known = tuple(
        f"{one['name']} {one['version']}: {vulnerability['id']}"
        for one in dependencies
        for vulnerability in one.get("vulns", ())
    )
    return Audit(pinned, pinned - looked_up, known)


def main() -> int:
    """Tells it, keeps it in a file where one is named, and gives the exit code."""
    found = audit_of(sys.stdin.read(), Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(found.told())
    for kept in sys.argv[2:]:
        Path(kept).write_text(found.told(), encoding="utf-8")
    return 1 if found.known else 0


if __name__ == "__main__":
    raise SystemExit(main())
