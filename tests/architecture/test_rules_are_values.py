"""Is a rule a value, with nothing in it that runs?"""

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import SERVICE, modules, parsed, shown

WHAT_RUNS = (
    ast.AsyncFor,
    ast.AsyncFunctionDef,
    ast.AsyncWith,
    ast.ClassDef,
    ast.DictComp,
    ast.For,
    ast.FunctionDef,
    ast.GeneratorExp,
    ast.If,
    ast.IfExp,
    ast.Lambda,
    ast.ListComp,
    ast.Match,
    ast.SetComp,
    ast.Try,
    ast.TryStar,
    ast.While,
    ast.With,
)


@pytest.mark.parametrize("module", modules(SERVICE / "rules"), ids=shown)
def test_a_rule_holds_no_function_and_no_condition(module: Path) -> None:
    found = [
        f"{type(node).__name__} in line {node.lineno}"
        for node in ast.walk(parsed(module))
        if isinstance(node, WHAT_RUNS)
    ]
    assert not found, f"{shown(module)}: {', '.join(found)}"
