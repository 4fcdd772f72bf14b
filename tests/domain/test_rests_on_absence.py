"""Is no rule shown whose sentence is true only while others, which a site has put away, would be shown instead?"""

from decimal import Decimal

import pytest

from service.domain.ruleset import RuleSet, UnknownRule
from service.domain.thresholds import Thresholds
from service.domain.verdict import Verdict
from service.rules import RULES
from tests.domain.charts import alone, answer, flag, result, rule_named

R14 = "mood-worsening-without-immune-activity"
_RA = "rheumatoid arthritis; "
_WORSE = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago; no relapse, 5 days ago; "
# Patients of whom both rules would speak, if each were alone.
BOTH = {
    "mood-worsening-near-relapse": "multiple sclerosis; relapse, 120 days ago; PHQ-9 11, 100 days ago; "
    "PHQ-9 12, 60 days ago; PHQ-9 18, 5 days ago; CRP 2 mg/L, 5 days ago; no relapse, 5 days ago",
    "mood-worsening-after-immune-therapy": _RA + _WORSE + "fingolimod from 45 days ago",
    "mood-change-with-corticosteroids": _RA + "PHQ-9 5, 60 days ago; PHQ-9 12, 20 days ago; CRP 2 mg/L, 20 days ago; "
    "prednisone from 10 days ago; mania, 5 days ago",
    "mood-worsening-before-relapse": "multiple sclerosis; " + _WORSE + "new neurological symptom, 35 days ago",
    "cognitive-decline-with-activity": _RA + _WORSE + "SDMT 50, 60 days ago; SDMT 42, 5 days ago",
    "autoimmune-encephalitis-red-flags": _RA + _WORSE + "mania, 20 days ago; infection, 20 days ago",
}
SWITCHED = [name for name in BOTH if not rule_named(name).safety]


def test_a_sentence_rests_only_on_what_holds_its_rule_back() -> None:
    names = {rule.name for rule in RULES}
    for rule in RULES:
        assert names >= set(rule.blocked_by) >= set(rule.rests_on_absence_of)
    assert set(rule_named(R14).rests_on_absence_of) == set(BOTH)


@pytest.mark.parametrize("name", BOTH)
def test_its_own_criteria_do_not_exclude_what_its_sentence_rests_on(name: str) -> None:
    assert result(answer(BOTH[name], rule_set=alone(rule_named(name))), name).verdict is Verdict.MET
    assert result(answer(BOTH[name], rule_set=alone(rule_named(R14))), R14).verdict is Verdict.MET
    assert result(answer(BOTH[name]), R14).because == "blocked"


@pytest.mark.parametrize("choice", ["off", "shadow"])
@pytest.mark.parametrize("name", SWITCHED)
def test_a_site_that_puts_it_away_puts_away_what_rests_on_it(name: str, choice: str) -> None:
    how = {"off": "off", "shadow": "in shadow"}[choice]
    with pytest.raises(UnknownRule) as refused:
        RuleSet(RULES, **{choice: (name,)})  # type: ignore[arg-type]
    assert f"{name} is {how}; put {R14} off or in shadow as well, or leave {name} on" in str(refused.value)
    assert RuleSet(RULES, **{choice: (name, R14)}).hides(rule_named(R14))  # type: ignore[arg-type]
    other = RuleSet(RULES, **({"off": (R14,)} | {choice: (name,) if choice == "shadow" else (name, R14)}))  # type: ignore[arg-type]
    assert other.hides(rule_named(name))


@pytest.mark.parametrize(("limit", "shown"), [(None, "3"), ("4.8", "4.8"), ("5.0", "5")])
def test_quiet_is_told_with_the_limit_that_holds(limit: str | None, shown: str) -> None:
    rule_set = RuleSet(RULES, thresholds=Thresholds(low_crp_limit=limit and Decimal(limit)))  # type: ignore[arg-type]
    found = flag(answer(_RA + _WORSE, rule_set=rule_set), R14)
    assert f"mg/L on 2026-06-25, not above {shown})" in found.sentence
