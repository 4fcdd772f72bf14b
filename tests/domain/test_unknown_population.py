"""Is a rule that cannot be judged, because it is not known whom it concerns, told with every reason?"""

from service.assessment.verdicts import unknown_of
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.charts import answer, result

R14 = "mood-worsening-without-immune-activity"
WORSE = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "
GAP = {"Condition": "the retrieval failed"}


def test_what_is_not_known_of_the_population_is_among_the_reasons() -> None:
    found = result(answer(WORSE + "CRP 2 mg/L, 5 days ago; no relapse, 5 days ago", not_covered=GAP), R14)
    assert (found.verdict, found.outcome is not None) == (Verdict.UNKNOWN, True)
    assert found.outcome is not None
    assert {lack.want for lack in found.outcome.lacks} == {Want.NOT_COVERED}
    assert tuple(dict.fromkeys(lack.text for lack in found.outcome.lacks)) == found.lacks


def test_the_reasons_of_the_criteria_stay_beside_it() -> None:
    found = result(answer(WORSE, not_covered=GAP), R14)
    assert found.outcome is not None
    assert {lack.want for lack in found.outcome.lacks} == {Want.NOT_COVERED, Want.MISSING}


def test_it_is_counted_under_its_reason() -> None:
    assert (R14, "not-covered") in unknown_of(
        answer(WORSE + "CRP 2 mg/L, 5 days ago; no relapse, 5 days ago", not_covered=GAP)
    )
