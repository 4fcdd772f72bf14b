"""Is every requirement of CDS Hooks 2.0 on a service in the table, with a test that is there or a reason?"""

from __future__ import annotations

import ast
import csv
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.cds_hooks import traceability
from tests.cds_hooks.requirement import OWN, Reason, Shown
from tests.cds_hooks.table import REQUIREMENTS

# The specification's requirements as they were collected, for those who have them; they are no part of the product.
COLLECTED = ROOT.parent / "shared" / "conformance" / "cds-hooks-2.0-service-requirements.csv"
SHORTEST_REASON = 40


def _collected() -> dict[str, tuple[str, str]]:
    """Level and text by id."""
    with COLLECTED.open(encoding="utf-8", newline="") as file:
        return {row["id"]: (row["conformance"], row["requirement"]) for row in csv.DictReader(file)}


@pytest.mark.skipif(not COLLECTED.is_file(), reason="the collected requirements of the specification are not here")
def test_the_table_has_the_specification_s_requirements_and_no_others() -> None:
    table = {one.id: one.level for one in REQUIREMENTS if not one.id.startswith(OWN)}
    assert table == {name: level for name, (level, _) in _collected().items()}


@pytest.mark.skipif(not COLLECTED.is_file(), reason="the collected requirements of the specification are not here")
def test_requirements_are_in_our_words() -> None:
    texts = [" ".join(text.lower().split()) for _, text in _collected().values()]
    for one in REQUIREMENTS:
        words = one.words.lower().split()
        runs = (" ".join(words[at : at + 7]) for at in range(len(words) - 6))
        assert not [run for run in runs if any(run in text for text in texts)], one.id


def test_ids_are_unique_and_nothing_is_empty() -> None:
    assert len({one.id for one in REQUIREMENTS}) == len(REQUIREMENTS)
    assert all(one.level and one.words.endswith(".") and one.shown_by for one in REQUIREMENTS)


@cache
def _functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_is_named_is_there() -> None:
    for one in REQUIREMENTS:
        if not isinstance(one.proof, Reason):
            file, _, name = one.shown_by.partition("::")
            assert name in _functions(file), f"{one.id}: {one.shown_by}"
            assert name.startswith("test_") == isinstance(one.proof, Shown)


def test_what_has_no_test_binds_nobody_or_says_what_stands_for_it() -> None:
    reasons = [one for one in REQUIREMENTS if isinstance(one.proof, Reason)]
    for one in reasons:
        assert len(one.shown_by) >= SHORTEST_REASON
        assert "permission" in one.shown_by or "client's duty" in one.shown_by or "agreed" in one.shown_by, one.id
    # What a reason refers to is in the table.
    known = {one.id.rpartition("@")[2] for one in REQUIREMENTS if not isinstance(one.proof, Reason)}
    for one in reasons:
        named = [word.strip(",;.") for word in one.shown_by.split() if word.startswith("@")]
        assert {name.removeprefix("@") for name in named} <= known, one.id


def test_the_contract_is_as_the_table_has_it() -> None:
    with traceability.FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert all(len(row) == 4 and all(row) for row in rows)
    assert traceability.main(["--check"]) == 0


def test_drift_is_told_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cds-hooks" / "traceability.csv"
    assert traceability.main(["--check"], file) == 4
    assert "traceability.csv" in capsys.readouterr().err
    assert not file.exists()
    assert traceability.main([], file) == 0
    assert file.read_text(encoding="utf-8") == traceability.table()
    file.write_text("drifted", encoding="utf-8")
    assert traceability.main(["--check"], file) == 4
