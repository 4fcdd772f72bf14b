"""Does an answer depend on its request alone, and not on whom the process was asked about before?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.answers import check, tell
from tests.contract.examples import asked
from tests.contract.expected import DEMANDS
from tests.contract.patients import condition, crp, relapse, score

# Not traced: what the named patients run is traced elsewhere.
pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(DEMANDS)
_ASK = """
import json, sys
from tests.contract.answers import check
from tests.contract.examples import asked
print(json.dumps({name: check(asked(name, explain="full")).body.decode() for name in json.load(sys.stdin)}))
"""


def _in_a_process_of_its_own(names: list[str]) -> dict[str, str]:
    asking = subprocess.run(
        [sys.executable, "-c", _ASK], input=json.dumps(names), capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert asking.returncode == 0, asking.stderr
    answers: dict[str, str] = json.loads(asking.stdout)
    return answers


def test_the_order_of_patients_changes_no_answer() -> None:
    forwards = _in_a_process_of_its_own(NAMES)
    backwards = _in_a_process_of_its_own(NAMES[::-1])
    assert [name for name in NAMES if forwards[name] != backwards[name]] == []


@pytest.mark.parametrize("name", NAMES)
def test_another_day_and_another_patient_leave_no_trace(name: str) -> None:
    first = check(asked(name, explain="full")).body
    tell(as_of="2019-03-04", explain="full")
    tell(condition("24700007", 4000), score(14, 2600), crp(5, 2590), relapse(2610), as_of="2019-10-10", explain="full")
    tell(incomplete=("Observation", "Condition"), as_of="2031-01-01", explain="full")
    assert check(asked(name, explain="full")).body == first
