"""Do the tables say what the clinical editors' tables say, where a copy of those lies beside the checkout?"""

import csv
import re
from functools import cache
from pathlib import Path

import pytest

from service.terminology import LOINC, SNOMED
from service.terminology.medicines import MEDICINES
from tests.architecture.tree import ROOT
from tests.terminology.rows import ROWS

# Verified, and read by no rule: context that a later rule may want.
NOT_READ = {
    LOINC: {
        "69722-7", "71955-9", "13629-1", "3074-2", "6690-2", "26464-8", "751-8", "26499-4", "731-0",
        "2276-4", "4505-4", "20659-9", "100435-7", "2143-6",
    },
    SNOMED: {
        "45170000", "366979004", "28669007", "84229001", "429672007", "191495003", "761873006",
    },
}  # fmt: skip
# Notes of the editors on a display, which are no part of it.
ANNOTATION = re.compile(r" \((?:question text|catalogue name|MII label)\)$")


@cache
def _table(name: str) -> list[dict[str, str]]:
    found: list[Path] = sorted(ROOT.parent.glob(f"*/clinical/{name}"))
    if not found:
        pytest.skip(f"no {name} of the clinical editors lies beside this checkout")
    with found[0].open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_verified_code_is_read_or_known_not_to_be() -> None:
    verified = {(row["system"], row["code"]) for row in _table("codes.csv") if row["tier"] in {"A", "B", "C"}}
    read = {(row.system, row.code) for row in ROWS}
    left = {system: {code for named, code in verified - read if named == system} for system in NOT_READ}
    assert left == NOT_READ


def test_no_unverified_code_is_read() -> None:
    unverified = {(row["system"], row["code"]) for row in _table("codes.csv") if row["tier"] == "UNVERIFIED"}
    assert unverified.isdisjoint((row.system, row.code) for row in ROWS)


def test_displays_and_tiers_are_the_editors() -> None:
    known = {(row.system, row.code): row for row in ROWS}
    for line in _table("codes.csv"):
        if row := known.get((line["system"], line["code"])):
            assert row.display == ANNOTATION.sub("", line["display"]), row.code
            assert row.tier == line["tier"], row.code


def test_medicines_are_the_editors() -> None:
    ours = [
        (
            medicine.group.value,
            medicine.ingredient,
            medicine.rxnorm,
            " ".join(medicine.atc),
            " ".join(medicine.atc_old),
            str(medicine.interval_days),
        )
        for medicine in MEDICINES
    ]
    columns = ("group", "ingredient", "rxnorm", "atc", "atc_old", "interval_days")
    theirs = [tuple(line[column] for column in columns) for line in _table("drugs.csv")]
    assert ours == theirs


def test_unverified_medicines_load_no_rxnorm_code() -> None:
    tiers = {line["ingredient"]: line["tier"] for line in _table("drugs.csv")}
    for medicine in MEDICINES:
        if tiers[medicine.ingredient] == "UNVERIFIED":
            assert not medicine.rxnorm
            assert medicine.atc
        else:
            assert medicine.tier == tiers[medicine.ingredient]
