"""Is an identifier the same for the same thing, and different for another?"""

from service.domain.examples import AS_OF, TODAY, read_example
from service.domain.identity import anchor_text, flag_identifier, next_identifier, plan_identifier
from service.domain.ruleset import RuleSet
from service.rules import RULES
from tests.domain.charts import answer, flag

R04 = "depression-with-low-grade-inflammation"
GIVEN = "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago"


def test_an_identifier_is_made_of_rule_subject_and_anchor() -> None:
    one = flag_identifier("rule", "Patient/1", "2026-06-25")
    assert one == flag_identifier("rule", "Patient/1", "2026-06-25")
    others = {
        flag_identifier("other", "Patient/1", "2026-06-25"),
        flag_identifier("rule", "Patient/2", "2026-06-25"),
        flag_identifier("rule", "Patient/1", "2026-06-26"),
        flag_identifier("rule", "Patient/12026-06-25", ""),
    }
    assert len(others) == 4
    assert one not in others
    assert (len(one), one.isalnum()) == (40, True)


def test_an_undated_anchor_is_a_literal() -> None:
    assert (anchor_text(None), anchor_text(TODAY)) == ("undated", "2026-06-30")


def test_a_plan_is_named_by_its_flags_whatever_their_order() -> None:
    assert plan_identifier("Patient/1", ("a", "b")) == plan_identifier("Patient/1", ("b", "a"))
    assert plan_identifier("Patient/1", ("a",)) != plan_identifier("Patient/1", ("a", "b"))
    assert plan_identifier("Patient/1", ("a",)) != plan_identifier("Patient/2", ("a",))
    assert plan_identifier("Patient/1", ("a",)) != flag_identifier("a", "Patient/1", "")


def test_what_is_raised_again_has_an_identifier_of_its_own_and_always_the_same() -> None:
    names = [flag_identifier("rule", "Patient/1", "2026-06-25")]
    for _ in range(9):
        names.append(next_identifier(names[-1]))
    assert len(set(names)) == 10
    assert {len(name) for name in names} == {40}
    assert next_identifier(names[0]) == names[1]


def test_no_version_of_the_rules_enters_an_identifier() -> None:
    site = RuleSet(RULES, shadow=("crp-unreadable",), locale="en-US", time_zone="Europe/Berlin")
    assert flag(answer(GIVEN, rule_set=site), R04).identifier == flag(answer(GIVEN), R04).identifier


def test_the_subject_enters_the_identifier() -> None:
    chart = read_example(GIVEN)
    other = chart._replace(patient=chart.patient._replace(key="Patient/other"))
    assert flag(answer(other, AS_OF), R04).identifier != flag(answer(chart, AS_OF), R04).identifier
