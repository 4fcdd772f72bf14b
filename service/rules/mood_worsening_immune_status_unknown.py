"""Mood worsened, and immune status is not known."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf
from service.domain.rule import Action, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    DEPRESSION_CLEARED,
    IMD,
    MS,
    NO_RELAPSE_AROUND,
    NO_RELAPSE_DOCUMENTED,
    RELAPSE_SINCE,
    STANDING,
    UNDER_IL6_BLOCKADE,
    WORSE_DEPRESSION,
)
from service.terminology import activities

_CRP_READ = c.MarkerSeen(CRP, c.READABLE, timedelta(days=90), None, Verdict.NOT_MET)
_USABLE_CRP_READ = c.MarkerSeen(
    CRP, c.READABLE, timedelta(days=90), None, Verdict.NOT_MET, unreadable_if=UNDER_IL6_BLOCKADE
)
_NO_CRP = c.AllOf(
    (
        c.Not(_CRP_READ),
        c.NoneMet(("mood-worsening-near-relapse", "acute-inflammation-confounds-mood", "crp-unreadable")),
    )
)
_NO_OTHER_FINDING = c.NoneMet(
    (
        "mood-worsening-near-relapse",
        "depression-with-low-grade-inflammation",
        "sustained-low-grade-inflammation",
        "acute-inflammation-confounds-mood",
        "depression-persisting-on-treatment-with-inflammation",
        "mood-worsening-after-immune-therapy",
        "mood-change-with-corticosteroids",
        "mood-worsening-before-relapse",
        "crp-unreadable",
    )
)
_NO_RELAPSE_STATUS = c.AllOf((MS, NO_RELAPSE_AROUND, c.Not(NO_RELAPSE_DOCUMENTED), _NO_OTHER_FINDING))
_CRP_USEFUL = c.AllOf((_NO_CRP, c.Not(UNDER_IL6_BLOCKADE), c.Not(STANDING)))

# Patients that the examples share.
_MS = "multiple sclerosis; "
_RA = "rheumatoid arthritis; "
_WORSE = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "

RULE = Rule(
    name="mood-worsening-immune-status-unknown",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Mood worsened; immune status is not known",
    question="Did mood worsen while immune status is not known?",
    population=IMD,
    when=c.Paired(WORSE_DEPRESSION, c.AnyOf((_NO_CRP, _NO_RELAPSE_STATUS)), first_decides=True),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(WORSE_DEPRESSION),)),
    priority=Priority.PL,
    categories=(Category.ADMIN, Category.LAB),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} ago). Do "
        "not delay mood assessment for missing measures."
    ),
    notes=(
        Note(_NO_CRP, "No readable CRP lies within 90 days in the data supplied{note_unread}."),
        Note(_CRP_USEFUL, "If it would change care, consider hs-CRP when free of infection for 2 to 4 weeks."),
        Note(_NO_RELAPSE_STATUS, "Relapse status is not recorded in the data supplied."),
    ),
    limits="No inflammatory panel is part of routine psychiatric work-up: it stays optional.",
    plan=(
        Action(activities.HS_CRP_ORDER.coding, "hs-CRP, if clinically indicated.", when=_CRP_USEFUL),
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess mood without waiting for laboratory results."),
    ),
    evidence=(Evidence("No inflammatory panel is part of routine psychiatric work-up", "expert reading", Grade.LOW),),
    clears=c.AnyOf(
        (
            DEPRESSION_CLEARED,
            c.AllOf(
                (
                    _USABLE_CRP_READ,
                    c.AnyOf((c.Not(MS), NO_RELAPSE_DOCUMENTED, RELAPSE_SINCE, c.Not(_NO_OTHER_FINDING))),
                )
            ),
        )
    ),
    examples=(
        Example("worse, no CRP", _RA + _WORSE, Verdict.MET, Priority.PL),
        Example("worse, CRP readable", _RA + _WORSE + "CRP 2 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("no current score", _RA, Verdict.UNKNOWN),
        Example("no earlier score", _RA + "PHQ-9 12, 5 days ago", Verdict.UNKNOWN),
        Example(
            "only anxiety worse",
            _RA + "PHQ-9 5, 60 days ago; PHQ-9 5, 5 days ago; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "CRP below 5 by an assay that cannot tell",
            _RA + _WORSE + "CRP <5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "CRP in a unit that is refused",
            _RA + _WORSE + "CRP refused: unit nmol/L is not accepted, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "one CRP readable, another not",
            _RA + _WORSE + "CRP <5 mg/L, 5 days ago; CRP 2 mg/L, 40 days ago",
            Verdict.NOT_MET,
        ),
        Example("CRP 90 days before", _RA + _WORSE + "CRP 2 mg/L, 95 days ago", Verdict.NOT_MET),
        Example("CRP 91 days before", _RA + _WORSE + "CRP 2 mg/L, 96 days ago", Verdict.MET, Priority.PL),
        Example("CRP after the score", _RA + _WORSE + "CRP 2 mg/L, 0 days ago", Verdict.NOT_MET),
        Example(
            "relapse status not recorded",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "relapse denied 30 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; no relapse, 35 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse denied 31 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; no relapse, 36 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "seen by neurology 30 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; neurology encounter, 35 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "seen by neurology 31 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; neurology encounter, 36 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "relapse 90 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; relapse, 95 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse 91 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; relapse, 96 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "relapse without a date, CRP readable",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; relapse, undated",
            Verdict.UNKNOWN,
        ),
        Example(
            "relapse without a date, no CRP",
            _MS + _WORSE + "relapse, undated",
            Verdict.MET,
            Priority.PL,
        ),
        Example("near a relapse", _MS + _WORSE + "relapse, 25 days ago", Verdict.NOT_MET),
        Example("acute inflammation", _RA + _WORSE + "CRP 40 mg/L, 5 days ago", Verdict.NOT_MET),
        Example(
            "fingolimod explains it, CRP readable",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; fingolimod from 45 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "fingolimod explains it, no CRP",
            _MS + _WORSE + "fingolimod from 45 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "CRP readable but lowered by tocilizumab",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; tocilizumab from 300 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "score of 30 days ago",
            _RA + "PHQ-9 5, 90 days ago; PHQ-9 12, 30 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("score of 31 days ago", _RA + "PHQ-9 5, 91 days ago; PHQ-9 12, 31 days ago", Verdict.UNKNOWN),
        Example(
            "best earlier score 90 days before",
            _RA + "PHQ-9 3, 95 days ago; PHQ-9 9, 40 days ago; PHQ-9 11, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "best earlier score 91 days before",
            _RA + "PHQ-9 3, 96 days ago; PHQ-9 9, 40 days ago; PHQ-9 11, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "earlier score 14 days before",
            _RA + "PHQ-9 5, 19 days ago; PHQ-9 12, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score only 13 days before",
            _RA + "PHQ-9 5, 18 days ago; PHQ-9 12, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "earlier score 365 days before",
            _RA + "PHQ-9 5, 370 days ago; PHQ-9 12, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 366 days before",
            _RA + "PHQ-9 5, 371 days ago; PHQ-9 12, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example("no immune disease", _WORSE, Verdict.NOT_MET),
    ),
)
