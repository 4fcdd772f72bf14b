"""Are the reasons that cards offer those that are published, each with the words that a clinician reads?"""

from __future__ import annotations

from service.fhir.artifacts import all_artifacts
from service.terminology.override_reasons import OVERRIDE_REASONS
from service.terminology.systems import OVERRIDE_REASON


def test_the_code_system_holds_what_cards_offer() -> None:
    system = all_artifacts()["CodeSystem/override-reason.json"]
    assert system["url"] == OVERRIDE_REASON
    published = [(one["code"], one["display"]) for one in system["concept"]]
    assert published == [(reason.coding["code"], reason.coding["display"]) for reason in OVERRIDE_REASONS]
    assert [code for code, _ in published] == ["already-known", "not-now", "disagree", "data-wrong", "patient-declined"]


def test_each_is_a_whole_coding() -> None:
    for reason in OVERRIDE_REASONS:
        assert set(reason.coding) == {"system", "code", "display"}
        assert all(reason.coding.values())
        assert reason.coding["system"] == OVERRIDE_REASON


def test_the_value_set_is_the_whole_code_system() -> None:
    value_set = all_artifacts()["ValueSet/override-reason.json"]
    assert value_set["compose"] == {"include": [{"system": OVERRIDE_REASON}]}
