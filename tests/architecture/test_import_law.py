"""Does every layer import only those below it?"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SERVICE, imported, modules, shown


def test_layers_have_no_knots() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    report = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert report.returncode == 0, report.stdout + report.stderr


@pytest.mark.parametrize("module", modules(SERVICE / "domain"), ids=shown)
def test_domain_imports_the_standard_library_and_itself(module: Path) -> None:
    foreign = [
        f"line {line}: {name}"
        for line, name in imported(module)
        if name.split(".")[0] not in sys.stdlib_module_names and name.split(".")[:2] != ["service", "domain"]
    ]
    assert not foreign, f"{shown(module)} imports {'; '.join(foreign)}"


# Values need numbers, days and types to be written down; nothing that acts.
STANDARD = {"__future__", "datetime", "decimal", "typing"}
LAYERS = {("service", "domain"), ("service", "terminology"), ("service", "rules")}


@pytest.mark.parametrize("module", modules(SERVICE / "rules"), ids=shown)
def test_rules_import_words_and_codes_alone(module: Path) -> None:
    foreign = [
        f"line {line}: {name}"
        for line, name in imported(module)
        if name not in STANDARD and tuple(name.split(".")[:2]) not in LAYERS
    ]
    assert not foreign, f"{shown(module)} imports {'; '.join(foreign)}"
