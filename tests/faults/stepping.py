"""The command with a calendar that a file may set wrong: `python -m tests.faults.stepping FILE serve ...`.

The file holds by how many seconds. A stopwatch stays right, as on a machine whose clock is set.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import time_machine

_LOOKS_EACH = 0.05


def main(file: Path, arguments: list[str]) -> None:
    """Runs the command."""
    with time_machine.travel(datetime.now(UTC), tick=True) as travelling:

        def follow() -> None:
            wrong_by = 0
            while True:
                told = int(file.read_text(encoding="ascii") or "0")
                if told != wrong_by:
                    travelling.shift(told - wrong_by)
                    wrong_by = told
                time.sleep(_LOOKS_EACH)

        threading.Thread(target=follow, daemon=True).start()
        # Only now: what it takes of the calendar at import is then of this one.
        from service.cli import main as command

        sys.argv = ["moodmarker", *arguments]
        command()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
