"""Observations in the wild: each is used, rejected with a reason and a FHIRPath, or counted as not read."""

from pathlib import Path

import pytest

from service.errors import MissingSubject
from service.fhir.reading import Reading, wrap
from tests.fhir.reading.feeding import read_body

ZOO = Path(__file__).resolve().parents[3] / "shared" / "zoo"
WILD = sorted(ZOO.rglob("*.json"))

pytestmark = pytest.mark.zoo


def read_alone(body: bytes, **options: bool) -> Reading:
    """What is read of one resource; whoever does not say whose it is, is asked for by name."""
    try:
        return read_body(wrap(body), **options)
    except MissingSubject:
        return read_body(wrap(body), subject="Patient/zoo", **options)


@pytest.mark.skipif(not WILD, reason=f"there is no collection of wild Observations beside the project ({ZOO.name})")
@pytest.mark.parametrize("strict", [False, True])
def test_every_wild_observation_is_accounted_for(strict: bool) -> None:
    used = 0
    for path in WILD:
        reading = read_alone(path.read_bytes(), strict=strict)
        account = reading.account
        assert account.received == 1, path
        assert account.used + account.not_read + sum(account.rejected.values()) == 1, path
        used += account.used
        for rejection in reading.rejections:
            assert rejection.expression.startswith("Bundle.entry[0]"), path
            assert rejection.reason_code, path
            assert rejection.text, path
    assert used > 10
