"""Is no code of a site that safety rules read lost by a file that was emptied or cut while the service runs?"""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from service.assessment import Context, SiteFiles, require_safety_codes
from service.settings import Settings, SettingsError
from service.terminology import LOINC, MEASURAND
from tests.api.serving import fetch, serving
from tests.api.test_switching_rules import Log

SITE = "urn:example:codes"
PLACE = Settings.model_construct(concept_map=Path("codes.json"))
ITEM_9, NEARLY_EVERY_DAY, CRP = (LOINC, "44260-8"), (LOINC, "LA6571-9"), (MEASURAND, "crp")
ATTEMPT, SCREENING = (MEASURAND, "suicide-attempt"), (MEASURAND, "mood-screening")
PANEL = (LOINC, "44249-1")


def files(**mapped: tuple[str, str]) -> SiteFiles:
    groups = [
        {"source": SITE, "target": target[0], "element": [_element(code, target[1])]} for code, target in mapped.items()
    ]
    return SiteFiles(None, json.dumps({"resourceType": "ConceptMap", "group": groups}).encode())


def _element(code: str, target: str) -> dict[str, Any]:
    return {"code": code, "target": [{"code": target, "equivalence": "equal"}]}


BEFORE = files(nine=ITEM_9, often=NEARLY_EVERY_DAY, attempt=ATTEMPT, panel=PANEL, screened=SCREENING)


@pytest.mark.parametrize(
    ("now", "lost"),
    [
        (files(screened=SCREENING), 4),
        (files(nine=ITEM_9, often=NEARLY_EVERY_DAY, panel=PANEL), 1),
        (files(nine=ITEM_9, often=(LOINC, "LA6568-5"), attempt=ATTEMPT, panel=PANEL), 1),
        (files(nine=CRP, often=NEARLY_EVERY_DAY, attempt=ATTEMPT, panel=CRP), 2),
        (SiteFiles(None, None), 4),
    ],
)
def test_what_safety_rules_read_is_lost_by_a_restart_alone(now: SiteFiles, lost: int) -> None:
    with pytest.raises(SettingsError) as refused:
        require_safety_codes(PLACE, BEFORE, now)
    assert f"codes.json: {lost} codes that safety rules read are no longer mapped" in str(refused.value)
    assert "needs a restart" in str(refused.value)


@pytest.mark.parametrize(
    "now",
    [
        BEFORE,
        files(nine=ITEM_9, often=NEARLY_EVERY_DAY, attempt=ATTEMPT, panel=PANEL),
        files(nine=ITEM_9, often=NEARLY_EVERY_DAY, attempt=ATTEMPT, panel=PANEL, more=CRP),
    ],
)
def test_what_no_safety_rule_reads_may_go_and_more_may_come(now: SiteFiles) -> None:
    require_safety_codes(PLACE, BEFORE, now)
    require_safety_codes(PLACE, SiteFiles(None, None), now)


def test_a_map_that_maps_nothing_is_taken_neither_at_the_start_nor_later() -> None:
    empty = SiteFiles(None, b'{"resourceType":"ConceptMap","status":"active"}')
    with pytest.raises(SettingsError, match=r"codes\.json: ConceptMap\.group: it maps nothing"):
        Context.load(PLACE, empty)
    with pytest.raises(SettingsError, match="it maps nothing"):
        require_safety_codes(PLACE, BEFORE, empty)


@pytest.mark.slow
def test_a_running_service_goes_on_with_the_codes_it_has(tmp_path: Path) -> None:
    rules, codes = tmp_path / "rules.toml", tmp_path / "codes.json"
    rules.write_text('shadow = ["crp-unreadable"]\n')
    assert BEFORE.concept_map is not None
    codes.write_bytes(BEFORE.concept_map)
    with serving(SITE_RULES=str(rules), CONCEPT_MAP=str(codes), WORKERS="1") as served:
        log = Log(served)
        before = fetch(f"{served.url}/health/ready").json()["ruleSet"]
        codes.write_bytes(files(screened=SCREENING).concept_map or b"")
        served.process.send_signal(signal.SIGHUP)
        assert "4 codes that safety rules read" in log.wait_for("rules not switched")["reason"]
        codes.write_text('{"resourceType":"ConceptMap","status":"active"}')
        served.process.send_signal(signal.SIGHUP)
        assert "it maps nothing" in log.wait_for("rules not switched", 2)["reason"]
        assert fetch(f"{served.url}/health/ready").json()["ruleSet"] == before
        assert log.of("rules switched") == []
