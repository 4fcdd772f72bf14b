"""What priority and what text does a finding get?"""

import dataclasses
import re

import pytest

from service.domain import criteria as c
from service.domain.evaluation import scope_of
from service.domain.examples import AS_OF, TODAY, read_example
from service.domain.findings import FlagState
from service.domain.instruments import ANXIETY
from service.domain.judging import AgeGroup, judge
from service.domain.raising import Manner, raised
from service.domain.rule import Case, Note, Priority
from service.domain.ruleset import RuleSet
from service.domain.timeline import Timeline
from service.domain.verdict import Verdict
from service.domain.wording import CRISIS_CONTACTS, FOOTER, LOCAL_CRISIS, PRORATED, WEAK_BASELINE, crisis_contact
from service.rules import RULES
from tests.domain.charts import alone, answer, flag, flags, result, rule_named

R01, R03, R04, R08 = (
    "suicidality-recorded",
    "mood-worsening-near-relapse",
    "depression-with-low-grade-inflammation",
    "mood-worsening-after-immune-therapy",
)
GRADE = "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago"
RELAPSE = "multiple sclerosis; relapse, 25 days ago"
PH, PM, PL = Priority.PH, Priority.PM, Priority.PL


@pytest.mark.parametrize(
    ("scores", "priority", "weak"),
    [
        ("PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago", PM, False),
        ("PHQ-9 5, 200 days ago; PHQ-9 12, 5 days ago", PL, True),
        ("PHQ-9 12, 5 days ago", PL, True),
    ],
)
def test_a_stale_or_missing_baseline_lowers_medium_to_low(scores: str, priority: Priority, weak: bool) -> None:
    found = flag(answer(f"{RELAPSE}; {scores}"), R03)
    assert found.priority is priority
    assert (WEAK_BASELINE in found.sentence) is weak


def test_low_stays_low_and_high_is_never_lowered() -> None:
    stale = "PHQ-9 5, 200 days ago; PHQ-9 12, 5 days ago"
    assert flag(answer(f"{stale}; fingolimod from 45 days ago"), R08).priority is PL
    encephalitis = "a condition; MoCA 29, 60 days ago; MoCA 20, 5 days ago; seizure, 9 days ago"
    assert flag(answer(f"{stale}; {encephalitis}"), "autoimmune-encephalitis-red-flags").priority is PH


def test_the_first_case_that_is_met_decides() -> None:
    always, never = c.NoneMet(("nothing",)), c.Recorded((), before=c.DAY)
    cases = (Case(never, PH), Case(always, PM), Case(always, PH))
    rule = dataclasses.replace(rule_named(R04), cases=cases)
    assert flag(answer(GRADE, rule_set=alone(rule)), R04).priority is PM
    open_case = dataclasses.replace(rule, cases=(Case(c.Elevated(ANXIETY), PH),))
    assert flag(answer(GRADE, rule_set=alone(open_case)), R04).priority is PL


def test_the_evidence_of_a_case_is_cited() -> None:
    items = "PHQ-9 items 2 0 2 2 2 0 2 0 0, 5 days ago; CRP 5 mg/L, 5 days ago"
    found = flag(answer(items), R04)
    assert found.priority is PM
    assert "Sleep, energy and appetite items are prominent." in found.sentence


def test_a_note_is_added_when_it_holds_and_with_unless_when_it_does_not() -> None:
    always, never = c.NoneMet(("nothing",)), c.Recorded((), before=c.DAY)
    notes = (
        Note(always, "One."),
        Note(never, "Two."),
        Note(always, "Three.", unless=True),
        Note(never, "Four.", unless=True),
        Note(c.Elevated(ANXIETY), "Five."),
    )
    rule = dataclasses.replace(rule_named(R04), notes=notes)
    text = flag(answer(GRADE, rule_set=alone(rule)), R04).sentence
    assert [word for word in ("One.", "Two.", "Three.", "Four.", "Five.") if word in text] == ["One.", "Four."]


def test_the_values_of_a_note_are_its_own() -> None:
    text = flag(answer(f"{RELAPSE}; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago"), R03).sentence
    assert "The score rose from 5 on 2026-05-01." in text
    assert "12 on 2026-06-25 (5 days ago), 20 days after a relapse with onset 2026-06-05" in text


def test_a_note_may_be_asked_at_the_event() -> None:
    given = f"{RELAPSE}; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; infection, 28 days ago"
    assert "pseudo-relapse is possible" in flag(answer(given), R03).sentence
    later = given.replace("infection, 28", "infection, 5")
    assert "pseudo-relapse" not in flag(answer(later), R03).sentence


def test_an_entry_of_another_date_adds_no_note() -> None:
    given = "PHQ-9 item 9 = 3, 3 days ago; PHQ-9 item 9 = 1, 9 days ago"
    texts = {(TODAY - (one.start or 0)): one.sentence for one in flags(answer(given), R01)}
    assert "nearly every day" in texts[3]
    assert "nearly every day" not in texts[9]


def test_how_old_an_entry_is() -> None:
    past = flag(answer("PHQ-9 item 9 = 1, 3 days ago"), R01).sentence
    assert "recorded on 2026-06-27 (3 days ago): PHQ-9 item 9 = 1" in past
    ahead = flag(answer("PHQ-9 item 9 = 1, in 1 days"), R01).sentence
    assert "recorded on 2026-07-01: " in ahead


@pytest.mark.parametrize(
    ("given", "opening"),
    [
        ("PHQ-9 item 9 = 1, 3 days ago", "Thoughts of being better off dead or of self-harm recorded on"),
        ("C-SSRS 2 = yes, 3 days ago", "Suicidal thoughts or behaviour recorded on"),
        ("C-SSRS 2 = yes, 3 days ago; PHQ-9 item 9 = 1, 3 days ago", "Suicidal thoughts or behaviour recorded on"),
    ],
)
def test_item_9_is_not_always_suicidal_intent(given: str, opening: str) -> None:
    assert flag(answer(given), R01).sentence.startswith(opening)


@pytest.mark.parametrize(
    ("given", "priority"),
    [
        ("C-SSRS 6 = yes, 3 days ago", PH),
        ("C-SSRS 6 = yes, 3 days ago; C-SSRS 6 within 3 months = no, 3 days ago", PM),
        ("self harm, 3 days ago", PM),
        ("self harm, 3 days ago; PHQ-9 item 9 = 1, 3 days ago", PH),
    ],
)
def test_of_one_date_the_highest_priority_stands(given: str, priority: Priority) -> None:
    assert flag(answer(given), R01).priority is priority


def test_without_a_fitting_opening_there_is_none() -> None:
    rule = dataclasses.replace(rule_named(R01), openings=rule_named(R01).openings[:1])
    text = flag(answer("C-SSRS 2 = yes, 3 days ago", rule_set=alone(rule)), R01).sentence
    assert "recorded on" in text.split(". ")[0]
    assert "Suicidal" not in text.split(". ")[0]


def test_a_prorated_score_is_marked() -> None:
    given = "PHQ-9 items 2 2 2 2 2 2 ? ? 0, 5 days ago; CRP 5 mg/L, 5 days ago"
    assert PRORATED in flag(answer(given), R04).sentence
    assert PRORATED not in flag(answer(GRADE), R04).sentence


def test_quiet_disease_says_how_many_medicines_were_recognised() -> None:
    quiet = "rheumatoid arthritis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago"
    name = "mood-worsening-without-immune-activity"
    assert "No medicine is in the data supplied." in flag(answer(quiet), name).sentence
    some = answer(quiet, medicines_sent=5, medicines_recognised=3)
    assert "3 of 5 medicines were recognised." in flag(some, name).sentence


@pytest.mark.parametrize(
    ("locale", "contact"),
    [
        ("US", CRISIS_CONTACTS["US"]),
        ("en-US", CRISIS_CONTACTS["US"]),
        ("en_US", CRISIS_CONTACTS["US"]),
        ("es-us", CRISIS_CONTACTS["US"]),
        ("de-DE", LOCAL_CRISIS),
        ("", LOCAL_CRISIS),
        ("en", LOCAL_CRISIS),
    ],
)
def test_american_numbers_are_for_american_readers(locale: str, contact: str) -> None:
    assert crisis_contact(locale) == contact
    text = flag(answer("PHQ-9 item 9 = 1, 3 days ago", rule_set=RuleSet(RULES, locale=locale)), R01).sentence
    assert contact in text


@pytest.mark.parametrize("name", [rule.name for rule in RULES])
def test_every_text_is_whole(name: str) -> None:
    for example in rule_named(name).examples:
        if example.verdict is Verdict.MET:
            found = answer(example.given)
            assert result(found, name).verdict is Verdict.MET
            for one in found.flags:
                if one.state is FlagState.ACTIVE:
                    assert one.sentence.endswith(FOOTER)
                    assert one.rule.limits in one.sentence
                    assert not re.search(r"[{}]|None|  |\(\)|;\.|, \.", one.sentence), one.sentence


def test_one_day_is_one_day() -> None:
    given = "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 1 day ago; relapse, 2 days ago"
    assert "12 on 2026-06-29 (1 day ago), 1 day after a relapse" in flag(answer(given), R03).sentence
    assert "(1 day ago)" in flag(answer("PHQ-9 item 9 = 1, 1 day ago"), R01).sentence
    assert not re.search(r"\b1 days\b", " ".join(one.sentence for one in answer(given).flags))


def test_the_assay_is_named() -> None:
    assert "with hs-CRP 5 mg/L" in flag(answer("PHQ-9 12, 5 days ago; hs-CRP 5 mg/L, 5 days ago"), R04).sentence
    two = "PHQ-9 12, 5 days ago; hs-CRP 5 mg/L, 5 days ago; hs-CRP 6 mg/L, 25 days ago"
    assert "hs-CRP above 3 and" in flag(answer(two), "sustained-low-grade-inflammation").sentence
    assert "with CRP 5 mg/L" in flag(answer(GRADE), R04).sentence


@pytest.mark.parametrize(
    ("given", "studied"),
    [
        ("hs-CRP 4 mg/L, 5 days ago; CRP 8 mg/L, 5 days ago", False),
        ("hs-CRP 8 mg/L, 5 days ago; CRP 4 mg/L, 5 days ago", True),
    ],
)
def test_what_is_said_of_a_value_is_said_of_the_paired_one(given: str, studied: bool) -> None:
    text = flag(answer(f"PHQ-9 12, 5 days ago; {given}"), R04).sentence
    assert ("range that was studied" in text) is studied


def test_nothing_is_counted_from_a_relapse_known_to_the_month() -> None:
    found = answer("multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, in 2026-06")
    assert "(5 days ago), in the same weeks as a relapse of 2026-06." in flag(found, R03).sentence
    assert found.plan is not None
    assert {(act.start, act.end) for act in found.plan.activities} == {(TODAY, None)}
    infected = (
        "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, in 2026-06; infection, 6 days ago"
    )
    assert "pseudo-relapse is possible" in flag(answer(infected), R03).sentence


def test_what_notes_quote_is_told_beside_the_evidence() -> None:
    given = f"{RELAPSE}; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 10 days ago"
    chart = read_example(given)
    scope = scope_of(Timeline(chart, AS_OF))
    found = judge(rule_named(R03), scope, RuleSet(RULES), AgeGroup.ADULT)
    (made,) = raised(found, Manner(scope, "Patient/example", AgeGroup.ADULT, ""), [])
    steroid = chart.exposures[0].source
    assert steroid in made.noted
    assert steroid not in made.evidence


def test_what_a_note_quotes_is_cited() -> None:
    found = flag(answer("mania, 5 days ago; prednisone from 12 days ago"), "acute-psychosis-or-mania")
    assert "prednisone (2026-06-18)" in found.sentence
    assert [source.resource_type for source in found.evidence] == ["Condition", "MedicationRequest"]
