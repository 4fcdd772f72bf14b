"""Has every threat a control that exists, and tests that exist and prove it?"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from service.cli.threat_model import Threat, read_threats, threat_page
from tests.contract.named_tests import ROOT, exists

MODEL = ROOT / "contracts" / "hazards" / "threats.json"
THREATS = read_threats(MODEL.read_bytes())

each_threat = pytest.mark.parametrize("threat", THREATS, ids=lambda threat: threat.id)


def test_the_model_holds_all_threats_in_order() -> None:
    assert len(THREATS) >= 12
    assert [threat.id for threat in THREATS] == [f"T{number:02}" for number in range(1, len(THREATS) + 1)]


@each_threat
def test_a_threat_is_met_by_modules_that_exist_and_proved_by_tests_that_exist(threat: Threat) -> None:
    assert threat.controls
    assert not [control.module for control in threat.controls if find_spec(control.module) is None]
    assert threat.tests
    assert not [test for test in threat.tests if not exists(test)]
    assert threat.left


def test_the_page_is_as_generated() -> None:
    assert MODEL.with_suffix(".md").read_text(encoding="utf-8") == threat_page(THREATS)
