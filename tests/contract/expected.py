"""What each example's README demands of the answer, as a table: a regenerated answer is held to it.

A line names the Flags in order (rule, status, priority), the rules that must be UNKNOWN, those that must be NOT_MET,
and words that must be in a Flag's text or in the OperationOutcome.
"""

from __future__ import annotations

from typing import NamedTuple

RECORDED, NOT_READABLE = "suicidality-recorded", "suicidality-not-readable"
PSYCHOSIS, ENCEPHALITIS = "acute-psychosis-or-mania", "autoimmune-encephalitis-red-flags"
UNREADABLE_CRP, ACUTE = "crp-unreadable", "acute-inflammation-confounds-mood"
ON_TREATMENT, SUSTAINED = "depression-persisting-on-treatment-with-inflammation", "sustained-low-grade-inflammation"
LOW_GRADE, ANXIOUS = "depression-with-low-grade-inflammation", "anxiety-worsening-with-low-grade-inflammation"
RELAPSE, ANXIOUS_RELAPSE = "mood-worsening-near-relapse", "anxiety-worsening-with-immune-activity"
THERAPY, STEROIDS = "mood-worsening-after-immune-therapy", "mood-change-with-corticosteroids"
COGNITION, FATIGUE = "cognitive-decline-with-activity", "fatigue-dominant-depression-score"
BEFORE, QUIET = "mood-worsening-before-relapse", "mood-worsening-without-immune-activity"
STATUS, SCREENING, OVERDUE = (
    "mood-worsening-immune-status-unknown",
    "mood-screening-in-immune-disease",
    "mood-screening-overdue",
)


class Demand(NamedTuple):
    """What the answer about one patient has to say."""

    flags: tuple[tuple[str, str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    not_met: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()
    plans: tuple[str, ...] = ("draft",)
    urgent: bool = False


def _active(rule: str, priority: str) -> tuple[str, str, str]:
    return rule, "active", priority


DEMANDS: dict[str, Demand] = {
    "answer-from-a-clock-ahead": Demand(
        (_active(RECORDED, "PH"),),
        unknown=(LOW_GRADE, ANXIOUS),
        urgent=True,
        says=("2 entries dated after the as-of time were left out", "not exact to the day"),
    ),
    "anxiety-after-a-hospital-stay-for-relapse": Demand(
        (_active(ANXIOUS_RELAPSE, "PM"),),
        not_met=(RELAPSE,),
        says=("GAD-7 14", "(date of the encounter)", "taken for the GAD-7 total"),
    ),
    "anxiety-with-low-grade-crp": Demand(
        (_active(ANXIOUS, "PL"),),
        not_met=(LOW_GRADE,),
        says=("HADS-A rose 7 to 13", "less consistent than for depression"),
    ),
    "birth-date-missing": Demand(
        (_active(LOW_GRADE, "PL"),), says=("GDS-15 9", "age is not known; adult rules were used")
    ),
    "child-with-phq-a": Demand(
        (_active(RECORDED, "PH"),),
        not_met=(RELAPSE, LOW_GRADE),
        urgent=True,
        says=("under 18",),
    ),
    "closed-flag-with-new-evidence": Demand((_active(LOW_GRADE, "PL"),), says=("PHQ-9 17",)),
    "crp-above-300-without-a-source": Demand(
        (_active(ACUTE, "PM"),),
        not_met=(LOW_GRADE,),
        says=("CRP >300 mg/L", "No cause is recorded in the data supplied"),
    ),
    "crp-below-detection-limit": Demand(
        (_active(STATUS, "PL"),),
        unknown=(LOW_GRADE, QUIET),
        says=("<5 on 2026-11-11", "if it would change care"),
    ),
    "crp-in-four-unusable-forms": Demand(
        (_active(STATUS, "PL"),),
        unknown=(LOW_GRADE, QUIET),
        says=("unit nmol/L is not accepted", "there is no unit", "a qualitative CRP cannot be compared"),
    ),
    "cssrs-intent-in-an-unfinished-form": Demand(
        (_active(RECORDED, "PH"),),
        urgent=True,
        says=("Intent or a plan was recorded", "the local emergency number"),
    ),
    "deceased-patient": Demand(plans=(), says=("deceased",)),
    "depression-persisting-on-sertraline": Demand(
        (_active(ON_TREATMENT, "PM"),),
        says=(f"Also met and part of this: {SUSTAINED}, {LOW_GRADE}", "which treatment will work for this person"),
    ),
    "empty-bundle": Demand(plans=(), unknown=(RECORDED, PSYCHOSIS, LOW_GRADE), says=("Nothing could be evaluated",)),
    "evidence-entered-in-error": Demand(((RECORDED, "entered-in-error", "PH"),), unknown=(RECORDED,), plans=()),
    "fatigue-items-dominate": Demand((_active(FATIGUE, "PL"),), says=("do not dismiss mood",)),
    "first-page-only": Demand(
        plans=(),
        unknown=(RELAPSE, THERAPY, STEROIDS, STATUS, OVERDUE),
        says=("a next page that was not sent",),
    ),
    "flag-closed-by-clinician": Demand(plans=(), says=("closed by a clinician on 2026-11-12",)),
    "flag-closed-by-rule-comes-back": Demand((_active(RELAPSE, "PM"),), says=("PHQ-9 13",)),
    "item-nine-positive-beside-broken-entries": Demand(
        (_active(RECORDED, "PH"),),
        urgent=True,
        unknown=(ON_TREATMENT,),
        says=("More than half the days", "wrong JSON type", "not a FHIR date or time"),
    ),
    "low-grade-crp-for-two-months": Demand(
        (_active(SUSTAINED, "PM"),),
        says=("2026-09-15 (4.1) and 2026-11-11 (5.6", "Crohn's disease"),
    ),
    "low-mood-with-low-grade-crp": Demand(
        (_active(LOW_GRADE, "PM"),),
        not_met=(RECORDED,),
        says=("One value is not a state", "items are prominent"),
    ),
    "medicines-by-brand-name-only": Demand(
        (_active(QUIET, "PM"),),
        not_met=(THERAPY,),
        says=("0 of 2 medicines were recognised", "Medicine not recognised: Brandname 300 mg"),
    ),
    "moca-fall-near-relapse": Demand(
        (_active(COGNITION, "PM"),),
        says=("MoCA fell 28 to 24", "A relapse is recorded on 2026-10-28"),
    ),
    "mood-check-overdue": Demand(
        (_active(OVERDUE, "PL"),), says=("2026-06-28, 2026-08-13, 2026-10-30", "are defaults")
    ),
    "new-psychosis-with-seizure": Demand(
        (_active(PSYCHOSIS, "PH"), _active(ENCEPHALITIS, "PH"), _active(STEROIDS, "PM")),
        urgent=True,
        says=(
            "prednisone",
            "Red flag: First seizure",
            "Red flag: sodium 126",
            "negative serum antibody does not exclude it",
        ),
    ),
    "nursing-home-interview-with-thoughts-of-death": Demand(
        (_active(RECORDED, "PH"),),
        urgent=True,
        says=("nearly every day",),
    ),
    "observations-incomplete": Demand(
        plans=(),
        unknown=(STATUS, LOW_GRADE),
        says=("the caller says that it is incomplete", "SUBSETTED"),
    ),
    "plan-already-accepted": Demand((_active(LOW_GRADE, "PL"),), plans=()),
    "pneumonia-with-high-crp": Demand(
        (_active(ACUTE, "PL"),),
        not_met=(LOW_GRADE, RECORDED),
        says=("CRP 142 mg/L", "Recorded near it: Pneumonia", "An antibiotic was begun on 2026-11-13"),
    ),
    "pregnant-with-low-grade-crp": Demand(plans=(), not_met=(LOW_GRADE,)),
    "questionnaire-changed": Demand(
        (_active(LOW_GRADE, "PL"),),
        unknown=(STATUS, QUIET),
        says=("HADS-D 15", "the instrument changed"),
    ),
    "questionnaire-declined": Demand(plans=(), not_met=(OVERDUE,)),
    "relapse-over-flag-cleared": Demand(((RELAPSE, "inactive", "PM"),), plans=("revoked",)),
    "relapse-with-worse-mood": Demand(
        (_active(RELAPSE, "PM"),),
        not_met=(RECORDED,),
        unknown=(LOW_GRADE, ACUTE, SUSTAINED),
        says=("The score rose from 5", "a pseudo-relapse is possible", "does not show that one led to the other"),
    ),
    "relapse-without-onset": Demand(plans=(), unknown=(RELAPSE, QUIET), says=("without a day that can be placed",)),
    "restricted-record": Demand((_active(LOW_GRADE, "PL"),)),
    "rise-within-ten-days": Demand(
        plans=(), unknown=(STATUS,), says=("rise of 8 in 10 days: too close together to compute",)
    ),
    "score-corrected-and-result-sent-twice": Demand(
        (_active(NOT_READABLE, "PM"),),
        not_met=(LOW_GRADE,),
        says=("later version", "counts once", "PHQ-9 total 21"),
    ),
    "screening-reminder-switched-off": Demand(plans=(), not_met=(SCREENING, OVERDUE)),
    "single-crp-flag-becomes-sustained": Demand(
        (_active(SUSTAINED, "PM"), (LOW_GRADE, "inactive", "PL")),
        plans=("draft", "revoked"),
        says=(f"now part of {SUSTAINED}",),
    ),
    "steroid-course-with-insomnia": Demand(
        (_active(STEROIDS, "PM"),),
        says=("prednisolone, 2026-10-30 to 2026-11-08", "the prescriber's decision"),
        never_says=("hydrocortisone",),
    ),
    "suicidality-flag-stays-open": Demand(
        (_active(RECORDED, "PH"),),
        not_met=(RECORDED,),
        urgent=True,
        plans=(),
        says=("stays as it is",),
    ),
    "suicide-attempt-two-months-ago": Demand(
        (_active(RECORDED, "PH"),),
        urgent=True,
        says=("2026-09-20 (61 days ago)",),
        never_says=("2024",),
    ),
    "total-of-22-without-item-nine": Demand(
        (_active(NOT_READABLE, "PM"),),
        unknown=(RECORDED,),
        says=("neither a 'yes' nor a 'no'",),
    ),
    "two-flags-of-one-episode": Demand((_active(LOW_GRADE, "PL"), (LOW_GRADE, "inactive", "PL")), says=("(merged)",)),
    "under-il6-blockade": Demand(
        (_active(UNREADABLE_CRP, "PL"),),
        not_met=(QUIET, LOW_GRADE),
        says=("tocilizumab",),
        never_says=("were quiet",),
        plans=(),
    ),
    "worse-after-change-to-natalizumab": Demand(
        (_active(THERAPY, "PL"), _active(STATUS, "PL")),
        says=("natalizumab", "2026-09-04", "Do not stop or change it on the strength of this alert"),
    ),
    "worse-mood-in-quiet-disease": Demand(
        (_active(QUIET, "PM"),),
        not_met=(RELAPSE,),
        says=("Normal CRP does not exclude inflammation in the brain",),
    ),
    "worse-on-peginterferon": Demand(
        (_active(THERAPY, "PM"),),
        unknown=(RECORDED,),
        says=(
            "peginterferon alfa-2a",
            "2026-09-01",
        ),
    ),
    "worse-with-raised-neurofilament": Demand(
        (_active(BEFORE, "PL"),),
        not_met=(QUIET,),
        says=("most anxious people do not relapse", "21.3 pg/mL"),
    ),
}
REFUSED = {"second-patient-refused": ("MixedPatients", "Bundle.entry[2].resource.subject")}
