"""With an as-of instant, is nothing later used but the 24 hours that the safety rules read?"""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given

from service.rules import RULES
from tests.contract.answers import rule_of, tell
from tests.contract.patients import AS_OF, condition
from tests.properties.histories import AHEAD, DAYS, facts, histories
from tests.properties.test_order_and_noise import said

Json = dict[str, Any]

TODAY, TOMORROW = AS_OF.isoformat(), AS_OF.replace(day=AS_OF.day + 1).isoformat()
SAFETY = {rule.name for rule in RULES if rule.safety}
READ_AHEAD = {"44260-8", "93246-7", "93247-5", "93267-3", "69322001", "91175000", "6471006"}
_DATES = ("effectiveDateTime", "onsetDateTime")
MIXED = histories(DAYS | AHEAD)
# That any Condition was sent at all is known whatever its date.
OLD = condition("38341003", 4000, name="old")


def day_of(resource: Json) -> str:
    """The day that dates a resource."""
    written = next((resource[name] for name in _DATES if name in resource), None)
    return str(written or resource["effectivePeriod"]["start"])


@given(MIXED)
def test_nothing_after_the_as_of_instant_is_used(resources: list[Json]) -> None:
    known = [one for one in resources if day_of(one) <= TOMORROW]
    assert said(tell(OLD, *resources)) == said(tell(OLD, *known))


@given(MIXED)
def test_only_safety_rules_read_the_day_after(resources: list[Json]) -> None:
    whole = tell(*resources)
    known = tell(*(one for one in resources if day_of(one) <= TODAY))
    for rule, verdict in known.verdicts.items():
        if rule not in SAFETY and not (whole.met ^ known.met) & SAFETY:
            assert whole.verdicts[rule] == verdict
    others = [flag for flag in whole.flags if rule_of(flag) not in SAFETY]
    if not (whole.met ^ known.met) & SAFETY:
        assert others == [flag for flag in known.flags if rule_of(flag) not in SAFETY]


@given(histories(), facts(AHEAD))
def test_what_is_left_out_is_counted(resources: list[Json], later: Json) -> None:
    assume(day_of(later) > TOMORROW or (day_of(later) > TODAY and _is_unread(later)))
    assert "left out" not in tell(*resources).words
    assert "1 entries dated after the as-of time were left out" in tell(*resources, later | {"id": "later"}).words


def _is_unread(resource: Json) -> bool:
    """Whether a resource of tomorrow is one that no safety rule reads."""
    coding = (resource.get("code") or resource["medicationCodeableConcept"])["coding"][0]
    return resource["resourceType"] == "MedicationStatement" or coding["code"] not in READ_AHEAD
