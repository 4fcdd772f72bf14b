"""Observations in the wild: each is used, rejected with a reason and a FHIRPath, or counted as not read."""

from pathlib import Path

import pytest

from service.errors import MissingSubject, MixedPatients
from service.fhir.reading import Reading, wrap
from tests.fhir.reading.feeding import read_body

ZOO = Path(__file__).resolve().parents[3] / "shared" / "zoo"
WILD = sorted(ZOO.rglob("*.json"))

pytestmark = pytest.mark.zoo


def read_alone(body: bytes, **options: bool) -> Reading | None:
    """What is read of one resource; one that does not say whose it is gets a patient; None: it names nobody."""
    try:
        return read_body(wrap(body), **options)
    except MissingSubject:
        try:
            return read_body(wrap(body), subject="Patient/zoo", **options)
        except MixedPatients:
            return None


@pytest.mark.skipif(not WILD, reason=f"there is no collection of wild Observations beside the project ({ZOO.name})")
@pytest.mark.parametrize("strict", [False, True])
def test_every_wild_observation_is_accounted_for(strict: bool) -> None:
    used = refused = 0
    for path in WILD:
        reading = read_alone(path.read_bytes(), strict=strict)
        if reading is None:
            refused += 1
            continue
        account = reading.account
        assert account.received == 1, path
        assert account.used + account.not_read + sum(account.rejected.values()) == 1, path
        used += account.used
        for rejection in reading.rejections:
            assert rejection.expression.startswith("Bundle.entry[0]"), path
            assert rejection.reason_code, path
            assert rejection.text, path
    assert used > 10
    assert refused < 3
