"""Does the bill of materials tell what is shipped, and is what is installed pinned by hash?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.evidence import note

ROOT = Path(__file__).resolve().parents[2]
BILL = ROOT / "build" / "moodmarker.cdx.json"
AUDIT = ROOT / "build" / "audit.txt"
PIN = re.compile(r"^([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)
LOCKS = sorted(ROOT.glob("requirements*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.name))
def test_every_package_is_pinned_by_its_hashes(lock: Path) -> None:
    blocks = re.split(r"\n(?=\S)", "\n".join(line for line in lock.read_text().splitlines() if "#" not in line[:6]))
    pinned = [block for block in blocks if block.strip()]
    assert len(pinned) > 5
    for block in pinned:
        assert PIN.match(block), block[:60]
        assert "--hash=sha256:" in block, block[:60]


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    assert BILL.is_file(), "make sbom writes it"
    read: dict[str, Any] = json.loads(BILL.read_text(encoding="utf-8"))
    return read


@pytest.mark.supply
def test_the_bill_lists_what_is_shipped_and_nothing_else(bill: dict[str, Any]) -> None:
    shipped = {(name.lower(), version) for name, version in PIN.findall((ROOT / "requirements.txt").read_text())}
    assert {(one["name"].lower(), one["version"]) for one in bill["components"]} == shipped
    test = "tests/supply_chain/test_shipped.py::test_the_bill_lists_what_is_shipped_and_nothing_else"
    note("Packages that are shipped, each pinned by its hashes", str(len(shipped)), test)
    note("Known vulnerabilities in them", AUDIT.read_text(encoding="utf-8"), test)


@pytest.mark.supply
def test_the_bill_has_hashes_licences_and_what_needs_what(bill: dict[str, Any]) -> None:
    assert bill["metadata"]["component"]["name"] == "moodmarker"
    for one in bill["components"]:
        (place,) = [one for one in one["externalReferences"] if one["type"] == "distribution"]
        assert place["hashes"], one["name"]
    # One is for Windows alone.
    assert {one["name"] for one in bill["components"] if not one.get("licenses")} <= {"colorama"}
    needs = {one["ref"]: set(one["dependsOn"]) for one in bill["dependencies"]}
    refs = {one["bom-ref"] for one in bill["components"]}
    assert needs.keys() == refs | {"root-component"}
    direct = {re.sub(r"@.*", "", ref).removeprefix("pkg:pypi/") for ref in needs["root-component"]}
    assert {"fastapi", "httpx", "msgspec", "sqlmodel"} <= direct
    reached, rest = set(), {"root-component"}
    while rest:
        ref = rest.pop()
        reached.add(ref)
        rest |= needs[ref] - reached
    # What is pinned for other platforms, or only builds the product, is needed by nothing that runs here.
    assert len(refs - reached) <= 5
