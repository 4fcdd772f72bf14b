"""What date does a finding get, so that one episode keeps one flag?"""

import pytest

from service.domain.examples import TODAY
from tests.domain.charts import answer, flag, flags

R04, R05, R06 = (
    "depression-with-low-grade-inflammation",
    "sustained-low-grade-inflammation",
    "acute-inflammation-confounds-mood",
)
R03, R07 = "mood-worsening-near-relapse", "depression-persisting-on-treatment-with-inflammation"
R08, R09, R10 = (
    "mood-worsening-after-immune-therapy",
    "mood-change-with-corticosteroids",
    "mood-worsening-before-relapse",
)
R11, R12, R13 = (
    "fatigue-dominant-depression-score",
    "cognitive-decline-with-activity",
    "autoimmune-encephalitis-red-flags",
)
R14, R16 = "mood-worsening-without-immune-activity", "mood-worsening-immune-status-unknown"
R17, R18, R19 = (
    "anxiety-worsening-with-low-grade-inflammation",
    "mood-screening-in-immune-disease",
    "mood-screening-overdue",
)
R20 = "crp-unreadable"
MS, RA = "multiple sclerosis; ", "rheumatoid arthritis; "
WORSE = "PHQ-9 5, 95 days ago; PHQ-9 12, 50 days ago; PHQ-9 14, 5 days ago"
SOMATIC = "PHQ-9 items 1 0 3 3 2 0 1 2 0"


@pytest.mark.parametrize(
    ("rule", "given", "days_ago"),
    [
        # the later of mood and CRP, each since it last cleared
        (R04, "PHQ-9 12, 20 days ago; CRP 5 mg/L, 25 days ago", 20),
        (R04, "PHQ-9 12, 25 days ago; CRP 5 mg/L, 20 days ago", 20),
        (R04, "PHQ-9 12, 90 days ago; PHQ-9 12, 5 days ago; CRP 5 mg/L, 8 days ago; CRP 5 mg/L, 5 days ago", 8),
        (R04, "PHQ-9 12, 5 days ago; CRP 5 mg/L, 99 days ago; CRP 2 mg/L, 50 days ago; CRP 5 mg/L, 5 days ago", 5),
        (R04, "PHQ-9 12, 5 days ago; CRP 5 mg/L, 99 days ago; CRP 20 mg/L, 50 days ago; CRP 5 mg/L, 5 days ago", 5),
        (R05, "PHQ-9 12, 5 days ago; CRP 4 mg/L, 60 days ago; CRP <5 mg/L, 40 days ago; CRP 5 mg/L, 5 days ago", 60),
        (R07, "PHQ-9 16, 61 days ago; PHQ-9 15, 5 days ago; sertraline from 99 days ago; CRP 5 mg/L, 9 days ago", 9),
        # the acute episode, since the last CRP that was low, or low-grade without a cause
        (R06, "CRP 20 mg/L, 25 days ago; CRP 40 mg/L, 5 days ago; PHQ-9 6, 5 days ago", 25),
        (R06, "CRP 20 mg/L, 25 days ago; CRP 2 mg/L, 15 days ago; CRP 40 mg/L, 5 days ago; PHQ-9 6, 5 days ago", 5),
        (R06, "CRP 20 mg/L, 60 days ago; CRP 5 mg/L, 25 days ago; CRP 40 mg/L, 5 days ago; PHQ-9 6, 5 days ago", 5),
        (R06, "CRP 20 mg/L, 60 days ago; CRP 5 mg/L, 40 days ago; CRP 40 mg/L, 5 days ago; PHQ-9 6, 5 days ago", 60),
        (R06, "CRP 20 mg/L, 60 days ago; CRP <5 mg/L, 40 days ago; CRP 40 mg/L, 5 days ago; PHQ-9 6, 5 days ago", 60),
        (R06, "CRP 20 mg/L, 5 days ago; hs-CRP 2 mg/L, 5 days ago; PHQ-9 6, 5 days ago", 5),
        (R06, "CRP 2 mg/L, 5 days ago; hs-CRP 20 mg/L, 5 days ago; PHQ-9 6, 5 days ago", 5),
        # the onset or the start of the event
        (R03, f"{MS}PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 45 days ago; relapse, 20 days ago", 45),
        (R08, "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; fingolimod from 45 days ago", 45),
        (
            R09,
            "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; prednisone from 30 to 22 days ago; methylprednisolone from 10 to 6 days ago",
            30,
        ),
        # the first score at which mood was worse, since it cleared
        (R10, f"{MS}{WORSE}; sNfL 20 above range, 5 days ago", 50),
        (R14, f"{RA}{WORSE}; CRP 2 mg/L, 5 days ago", 50),
        (R16, f"{RA}{WORSE}", 50),
        (R17, "GAD-7 5, 95 days ago; GAD-7 12, 50 days ago; GAD-7 12, 5 days ago; CRP 5 mg/L, 20 days ago", 20),
        (R20, "PHQ-9 14, 90 days ago; PHQ-9 14, 5 days ago; CRP 1 mg/L, 5 days ago; tocilizumab from 99 days ago", 90),
        # the first date of the pattern, and the first fall
        (R11, f"PHQ-9 12, 30 days ago; {SOMATIC}, 20 days ago; PHQ-9 12, 12 days ago; {SOMATIC}, 5 days ago", 20),
        (R11, f"{SOMATIC}, 40 days ago; PHQ-9 items 2 2 2 1 1 1 1 1 0, 20 days ago; {SOMATIC}, 5 days ago", 5),
        (R12, f"{MS}SDMT 50, 110 days ago; SDMT 41, 40 days ago; SDMT 42, 25 days ago; relapse, 25 days ago", 40),
        (
            R12,
            f"{MS}SDMT 50, 110 days ago; SDMT 41, 60 days ago; SDMT 48, 40 days ago; SDMT 39, 25 days ago; relapse, 25 days ago",
            25,
        ),
        (R12, f"{MS}MoCA 29, 90 days ago; SDMT 50, 60 days ago; SDMT 42, 25 days ago; relapse, 25 days ago", 25),
        # a presentation, or else worse mood
        (R13, "psychosis, 20 days ago; mania, 30 days ago; seizure, 10 days ago", 30),
        (
            R13,
            "a condition; PHQ-9 5, 95 days ago; PHQ-9 12, 50 days ago; PHQ-9 14, 5 days ago; MoCA 29, 60 days ago; "
            "MoCA 20, 5 days ago; seizure, 10 days ago",
            50,
        ),
        # when screening lapsed
        (R18, f"{MS}depression; PHQ-9 6, 400 days ago", 35),
        (R19, f"{MS}PHQ-9 4, 400 days ago; relapse, 300 days ago", 286),
    ],
)
def test_the_anchor(rule: str, given: str, days_ago: int) -> None:
    assert flag(answer(given), rule).start == TODAY - days_ago


def test_never_scored_screening_lapsed_with_the_disease() -> None:
    found = answer(f"{RA.replace('; ', ', 900 days ago; ')}depression", history_complete=True)
    assert flag(found, R18).start == TODAY - 900
    undated = answer("rheumatoid arthritis, undated; depression", history_complete=True)
    assert flag(undated, R18).start is None


def test_one_flag_a_date_for_each_positive_answer() -> None:
    given = "PHQ-9 item 9 = 1, 3 days ago; C-SSRS 2 = yes, 3 days ago; PHQ-9 item 9 = 2, 9 days ago"
    found = flags(answer(given), "suicidality-recorded")
    assert [TODAY - (one.start or 0) for one in found] == [9, 3]
    assert [len(one.evidence) for one in found] == [1, 2]


def test_one_flag_a_date_for_each_presentation() -> None:
    found = flags(answer("psychosis, 3 days ago; mania, 9 days ago; delirium, 9 days ago"), "acute-psychosis-or-mania")
    assert [TODAY - (one.start or 0) for one in found] == [9, 3]


def test_what_is_undated_has_no_start() -> None:
    found = answer("PHQ-9 item 9 unreadable, undated; PHQ-9 item 9 = 1, in 2026")
    assert [one.start for one in flags(found, "suicidality-not-readable")] == [None]


def test_every_day_of_one_episode_gives_the_same_identifier() -> None:
    given = "PHQ-9 12, 25 days ago; CRP 5 mg/L, 25 days ago"
    more = f"{given}; PHQ-9 14, 5 days ago; CRP 6 mg/L, 13 days ago"
    assert flag(answer(given), R04).identifier == flag(answer(more), R04).identifier
