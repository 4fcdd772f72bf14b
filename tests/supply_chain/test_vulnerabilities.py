"""Is a known vulnerability told, and never taken for known to be absent what nobody looked up?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.architecture.tree import ROOT
from tests.supply_chain.vulnerabilities import audit_of

GOOD = {"name": "httpx", "version": "1.0", "vulns": []}
BAD = {"name": "idna", "version": "2.0", "vulns": [{"id": "PYSEC-2026-1"}, {"id": "PYSEC-2026-2"}]}
LOCK = "alembic==1.0 \\\n    --hash=sha256:00\nhttpx==1.0 \\\nidna[extra]==2.0 ; sys_platform == 'win32' \\\n"
UNKNOWN = {"name": "alembic", "skip_reason": "not found"}


def report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_known_vulnerability_is_named_with_its_package() -> None:
    told = audit_of(report(GOOD, BAD), LOCK).told()
    assert "idna 2.0: PYSEC-2026-1; idna 2.0: PYSEC-2026-2" in told


def test_nothing_known_of_all_is_said_of_all() -> None:
    assert audit_of(report(GOOD), "httpx==1.0 \\\n").told() == "No known vulnerability in 1 pinned packages."


def test_what_was_not_looked_up_is_named() -> None:
    assert audit_of(report(GOOD, UNKNOWN), LOCK).told() == (
        "No known vulnerability in 1 of 3 pinned packages; NOT CHECKED: alembic, idna."
    )


def test_a_source_that_knows_none_of_them_has_checked_nothing() -> None:
    for text in (report(UNKNOWN), "", "no JSON", "[]"):
        assert audit_of(text, LOCK).told().startswith("NOT CHECKED")


def test_the_command_fails_for_a_known_vulnerability_alone(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(LOCK, encoding="utf-8")
    command = [sys.executable, "-m", "tests.supply_chain.vulnerabilities", str(lock)]
    for text, code in ((report(GOOD, BAD), 1), (report(GOOD, UNKNOWN), 0), ("", 0)):
        assert (
            subprocess.run(command, input=text, text=True, stdout=subprocess.DEVNULL, cwd=ROOT, check=False).returncode
            == code
        )
