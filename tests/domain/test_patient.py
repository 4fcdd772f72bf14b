"""How old is the patient, and does any rule run at all?"""

from datetime import date

import pytest

from service.domain.days import EARLIEST, LATEST
from service.domain.examples import AS_OF, TODAY, read_example
from service.domain.facts import Patient
from service.domain.findings import Assessment
from service.domain.judging import AgeGroup, age_group, years
from service.domain.verdict import Verdict
from service.rules import RULES
from tests.domain.asking import timeline
from tests.domain.charts import answer, flag, flags, result
from tests.domain.facts import PATIENT, chart, score

ADULT, CHILD, UNKNOWN = AgeGroup.ADULT, AgeGroup.CHILD, AgeGroup.UNKNOWN
MOODY = "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago; PHQ-9 item 9 = 1, 5 days ago; psychosis, 5 days ago; seizure, 5 days ago"
SAFETY = {rule.name for rule in RULES if rule.children}


def born(*days: date) -> Patient:
    return Patient("Patient/1", "Patient/1", days[0].toordinal(), days[-1].toordinal())


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        (born(date(2008, 6, 30)), ADULT),
        (born(date(2008, 7, 1)), CHILD),
        (born(date(2008, 6, 1), date(2008, 6, 30)), ADULT),
        (born(date(2008, 7, 1), date(2008, 7, 31)), CHILD),
        (born(date(2008, 1, 1), date(2008, 12, 31)), UNKNOWN),
        (born(date(2007, 1, 1), date(2007, 12, 31)), ADULT),
        (born(date(2009, 1, 1), date(2009, 12, 31)), CHILD),
        (Patient("Patient/1", "Patient/1", EARLIEST, LATEST), UNKNOWN),
        (born(date(2027, 1, 1)), CHILD),
    ],
)
def test_every_possible_birth_date_must_agree(patient: Patient, expected: AgeGroup) -> None:
    assert age_group(timeline(chart(patient=patient))) is expected


@pytest.mark.parametrize(
    ("birth", "expected"),
    [(date(2008, 2, 29), 18), (date(2008, 6, 30), 18), (date(2008, 7, 1), 17), (date(2026, 6, 30), 0)],
)
def test_whole_years(birth: date, expected: int) -> None:
    assert years(birth.toordinal(), AS_OF) == expected


def test_a_teenagers_score_settles_an_unknown_age() -> None:
    teen = read_example("PHQ-A 12, 5 days ago")
    unknown = Patient("Patient/1", "Patient/1", EARLIEST, LATEST)
    assert age_group(timeline(teen._replace(patient=unknown))) is CHILD
    assert age_group(timeline(teen._replace(patient=born(date(2008, 1, 1), date(2008, 12, 31))))) is CHILD
    assert age_group(timeline(teen)) is ADULT


def by_because(found: Assessment, because: str) -> set[str]:
    return {one.rule.name for one in found.results if one.because == because}


def test_a_child_has_the_safety_rules_alone() -> None:
    found = answer(f"aged 17; {MOODY}")
    assert by_because(found, "age") == {rule.name for rule in RULES} - SAFETY
    assert {one.rule.name for one in found.flags} <= SAFETY
    assert flag(found, "suicidality-recorded") is not None
    assert any("under 18" in notice for notice in found.notices)


def test_an_adult_has_every_rule() -> None:
    found = answer(f"aged 18; {MOODY}")
    assert not by_because(found, "age")
    assert flag(found, "depression-with-low-grade-inflammation") is not None


def test_a_teenagers_worsening_counts_towards_encephalitis_alone() -> None:
    given = "a condition; PHQ-A 5, 60 days ago; PHQ-A 12, 5 days ago; MoCA 29, 60 days ago; MoCA 20, 5 days ago; seizure, 9 days ago"
    assert flag(answer(f"aged 16; {given}"), "autoimmune-encephalitis-red-flags") is not None
    assert result(answer(given), "mood-worsening-immune-status-unknown").verdict is Verdict.NOT_MET


def test_an_unknown_age_is_told_in_each_adult_text() -> None:
    found = answer(f"aged unknown; {MOODY}")
    for one in found.flags:
        assert ("age is not known" in one.sentence) is (one.rule.name not in SAFETY)
    assert any("age is not known" in notice for notice in found.notices)


@pytest.mark.parametrize(("deceased", "judged"), [(EARLIEST, False), (TODAY, False), (TODAY + 1, True), (None, True)])
def test_nobody_is_judged_after_death(deceased: int | None, judged: bool) -> None:
    found = answer(chart(score(12), patient=PATIENT._replace(deceased=deceased)))
    assert bool(found.results) is judged
    if not judged:
        assert (found.flags, found.plan, found.urgent) == ((), None, False)
        assert found.notices == ("The patient is recorded as deceased; no rule was evaluated.",)


def test_suicidality_of_a_deceased_patient_raises_nothing() -> None:
    dead = read_example(MOODY)._replace(patient=PATIENT._replace(deceased=EARLIEST))
    assert not flags(answer(dead), "suicidality-recorded", None)
