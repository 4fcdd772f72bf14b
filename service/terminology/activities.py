"""Codes of the activities that a care plan suggests; `means` is what a completed one is read back as."""

from __future__ import annotations

from typing import Final

from service.domain.concepts import Concept
from service.terminology import results, sources
from service.terminology.rows import A, C, Row, snomed

ActivityRow = Row[Concept | None]


def _activity(code: str, display: str, evidence: str, means: Concept | None = None) -> ActivityRow:
    return snomed(code, display, means, A, evidence)


SUICIDE_RISK_ASSESSMENT: Final = _activity(
    "225337009",
    "Suicide risk assessment (procedure)",
    f"{sources.QICORE} MDD Suicide Risk Assessment CQL",
    Concept.SUICIDE_RISK_ASSESSMENT,
)
MENTAL_HEALTH_ASSESSMENT: Final = _activity("410223002", "Mental health care assessment (procedure)", sources.QICORE)
DEPRESSION_SCREENING: Final = _activity(
    "171207006", "Depression screening (procedure)", sources.QICORE, Concept.MOOD_SCREENING
)
PHQ9_SCREENING: Final = _activity(
    "715252007",
    "Depression screening using Patient Health Questionnaire Nine Item score",
    f"{sources.PHR}; CamCOPS docs",
    Concept.MOOD_SCREENING,
)
PSYCHIATRIST_REFERRAL: Final = _activity("308477009", "Referral to psychiatrist (procedure)", sources.QICORE)
PSYCHIATRY_SERVICE_REFERRAL: Final = _activity(
    "183524004", "Referral to psychiatry service (procedure)", sources.QICORE
)
MENTAL_HEALTH_TEAM_REFERRAL: Final = _activity(
    "390866009", "Referral to mental health team (procedure)", sources.QICORE
)
PSYCHOLOGIST_REFERRAL: Final = _activity("308459004", "Referral to psychologist (procedure)", sources.QICORE)
NEUROLOGIST_REFERRAL: Final = _activity("308474002", "Referral to neurologist (procedure)", sources.QICORE)
FOLLOW_UP_VISIT: Final = _activity("185389009", "Follow-up visit (procedure)", sources.PACIO)
MEDICATION_REVIEW: Final = _activity("314529007", "Medication review due (situation)", sources.PHR)
CRP_MEASUREMENT: Final[ActivityRow] = snomed(
    "55235003",
    "C-reactive protein measurement (procedure)",
    None,
    C,
    "2 public repositories, one an HL7-style ServiceRequest example",
)
HS_CRP_ORDER: Final = results.HIGH_SENSITIVITY_CRP[0]

ACTIVITIES: Final = (
    SUICIDE_RISK_ASSESSMENT,
    MENTAL_HEALTH_ASSESSMENT,
    DEPRESSION_SCREENING,
    PHQ9_SCREENING,
    PSYCHIATRIST_REFERRAL,
    PSYCHIATRY_SERVICE_REFERRAL,
    MENTAL_HEALTH_TEAM_REFERRAL,
    PSYCHOLOGIST_REFERRAL,
    NEUROLOGIST_REFERRAL,
    FOLLOW_UP_VISIT,
    MEDICATION_REVIEW,
    CRP_MEASUREMENT,
)
