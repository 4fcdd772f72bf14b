"""How much memory a process holds."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.container.dockerfile import read
from tests.architecture.tree import ROOT

# As in the image: what an allocator keeps for a thread comes and goes by tens of MiB, and looks like a leak.
ALLOCATOR = {
    name: value for name, value in read(ROOT / "Dockerfile")[-1].environment.items() if name.startswith("MALLOC_")
}
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


def resident(process: int) -> int:
    """The bytes of a process that are in memory."""
    match = _RESIDENT.search(Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    assert match is not None
    return 1024 * int(match[1])
