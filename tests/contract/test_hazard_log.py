"""Has every hazard a control that exists, and tests that exist and prove it?"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from service.cli.hazard_log import SEVERITIES, Hazard, hazard_page, read_hazards
from tests.contract.named_tests import ROOT, exists, names_in

LOG = ROOT / "contracts" / "hazards" / "hazards.json"
HAZARDS = read_hazards(LOG.read_bytes())

each_hazard = pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.id)


def test_the_log_holds_all_hazards_in_order() -> None:
    assert [hazard.id for hazard in HAZARDS] == [f"H{number:02}" for number in range(1, 27)]


@each_hazard
def test_a_hazard_is_proved_by_tests_that_exist(hazard: Hazard) -> None:
    assert hazard.tests
    assert not [test for test in hazard.tests if not exists(test)]
    assert len(set(hazard.tests)) == len(hazard.tests)


@each_hazard
def test_a_hazard_is_controlled_by_modules_that_exist(hazard: Hazard) -> None:
    assert hazard.severity in SEVERITIES
    assert hazard.controls
    assert not [control.module for control in hazard.controls if find_spec(control.module) is None]


def test_every_test_of_a_hazard_is_in_the_log() -> None:
    named = {test for hazard in HAZARDS for test in hazard.tests}
    files = sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "contract").glob("test_hazards_*.py")
    )
    assert files
    assert not [
        f"{file}::{name}" for file in files for name in sorted(names_in(file)) if f"{file}::{name}" not in named
    ]


def test_the_page_is_as_generated() -> None:
    assert LOG.with_suffix(".md").read_text(encoding="utf-8") == hazard_page(HAZARDS)


def test_a_missing_test_would_be_noticed() -> None:
    assert not exists("tests/contract/test_hazard_log.py::test_that_nobody_wrote")
    assert not exists("tests/contract/no_such_file.py::test_anything")
