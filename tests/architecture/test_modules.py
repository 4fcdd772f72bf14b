"""Is every module of the service small, well named and explained?"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import SERVICE, modules, parsed, shown

# Not traced: the code is read here, and not run.
pytestmark = pytest.mark.no_cover

NAMES_THAT_SAY_NOTHING = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}

every_module = pytest.mark.parametrize("module", modules(), ids=shown)


def _public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_") or _restates(node):
                continue
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, f"{prefix}{node.name}.")


def _restates(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Overloads, overrides and setters are explained where the name is first said."""
    return any(
        ast.unparse(decorator).split(".")[-1] in {"overload", "override", "setter"} for decorator in node.decorator_list
    )


@every_module
def test_says_what_it_and_its_public_names_are_for(module: Path) -> None:
    tree = parsed(module)
    silent = [
        name
        for name, node in [("the module", tree), *_public(tree.body)]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not ast.get_docstring(node)
    ]
    assert not silent, f"{shown(module)}: no docstring on {', '.join(silent)}"


@every_module
def test_is_short_enough_to_know(module: Path) -> None:
    length = len(module.read_text(encoding="utf-8").splitlines())
    assert length <= 400, f"{shown(module)} has {length} lines; split it by word"


@every_module
def test_is_named_after_what_it_holds(module: Path) -> None:
    inside = module.relative_to(SERVICE).with_suffix("").parts
    assert not NAMES_THAT_SAY_NOTHING & {part.strip("_") for part in inside}, shown(module)
