"""What is a server asked for?"""

from __future__ import annotations

from datetime import date

from service.fhir.client.searches import Reach, reaches, search
from service.rules import RULES
from service.terminology import Terminology

TODAY = date(2026, 6, 30).toordinal()


def test_codes_and_a_window_with_a_day_to_spare() -> None:
    reach = Reach("Observation", ("http://loinc.org|1988-5", "http://loinc.org|30522-7"), 30)
    asked = search(reach, "p1", TODAY, count=50, by_code=True)
    assert dict(asked.parameters) == {
        "patient": "Patient/p1",
        "code": "http://loinc.org|1988-5,http://loinc.org|30522-7",
        "date": "ge2026-05-30",
        "_count": "50",
    }


def test_a_server_without_codes_is_asked_for_all() -> None:
    asked = search(Reach("Observation", ("http://loinc.org|1988-5",)), "p1", TODAY, count=50, by_code=False)
    assert asked.query == "patient=Patient/p1&_count=50"


def test_each_type_once_and_only_observations_by_code() -> None:
    found = reaches(RULES, Terminology.default())
    assert len({reach.resource_type for reach in found}) == len(found)
    assert [reach.resource_type for reach in found if reach.codes] == ["Observation"]
    assert {"Flag", "CarePlan", "Condition", "MedicationRequest"} <= {reach.resource_type for reach in found}
