"""Tests that a log or a model names: whether they exist."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests that pytest collects from a file; one that is always skipped proves nothing."""
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    return frozenset(
        one.name
        for one in found
        if not any("skip" in ast.unparse(mark) or "xfail" in ast.unparse(mark) for mark in one.decorator_list)
    )


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    return name in names_in(file)
