"""Words with a fixed verdict, for the tests of the words that combine others."""

from __future__ import annotations

from datetime import timedelta

from service.domain import criteria as c
from service.domain.concepts import Concept
from service.domain.instruments import DEPRESSION
from service.domain.verdict import Verdict

# By the empty chart: no rule is met; there is no score; there is no obesity.
_SAID: dict[Verdict, c.Criterion] = {
    Verdict.MET: c.NoneMet(("any",)),
    Verdict.UNKNOWN: c.Elevated(DEPRESSION),
    Verdict.NOT_MET: c.Recorded((Concept.OBESITY,), before=timedelta(days=1)),
}


def said(verdict: Verdict) -> c.Criterion:
    """A word that says this of a patient of whom nothing is known."""
    return _SAID[verdict]
