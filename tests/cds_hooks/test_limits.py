"""Has what a client prefetches the limits of what is sent?"""

from service.fhir.reading.nesting import ReadingLimits
from tests.cds_hooks.hooks import PATIENT, Site, body, person, prefetch_of
from tests.contract.answers import context

UNREADABLE = "suicidality-not-readable"
FORM = {
    "resourceType": "QuestionnaireResponse",
    "id": "form",
    "status": "completed",
    "subject": {"reference": f"Patient/{PATIENT}"},
    "authored": "2026-11-19",
    "item": [{"linkId": "a", "item": [{"linkId": "b", "item": [{"linkId": "c", "answer": [{"valueInteger": 0}]}]}]}],
}


def verdict_at(depth: int) -> str:
    one = Site()
    one.service._context = context()._replace(limits=ReadingLimits(depth=depth))
    return dict(one.answer(body(prefetch_of([person(), FORM]))).told.verdicts)[UNREADABLE]


def test_a_form_is_read_as_deep_as_the_site_says() -> None:
    assert (verdict_at(64), verdict_at(5)) == ("NOT_MET", "MET")
