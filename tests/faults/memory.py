"""How much memory a process holds."""

from __future__ import annotations

import re
from pathlib import Path

_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


def resident(process: int) -> int:
    """The bytes of a process that are in memory."""
    match = _RESIDENT.search(Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    assert match is not None
    return 1024 * int(match[1])
