"""`python -m tests.cds_hooks.traceability [--check]`: writes contracts/cds-hooks/traceability.csv, or says that it drifted."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

from tests.cds_hooks.table import REQUIREMENTS

FILE = Path(__file__).parents[2] / "contracts" / "cds-hooks" / "traceability.csv"
_DRIFTED = 4


def table() -> str:
    """The file: each requirement with the test that shows it, or why there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "level", "requirement", "shown by"))
    writer.writerows((one.id, one.level, one.words, one.shown_by) for one in REQUIREMENTS)
    return text.getvalue()


def main(given: list[str], file: Path = FILE) -> int:
    """Writes the file, or with `--check` compares it."""
    wanted = table()
    held = file.read_text(encoding="utf-8") if file.is_file() else ""
    if held == wanted:
        return 0
    if given == ["--check"]:
        sys.stderr.write(f"{file.name} is not as its table has it; run python -m tests.cds_hooks.traceability.\n")
        return _DRIFTED
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
