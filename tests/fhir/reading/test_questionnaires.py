"""Filled-in forms: how a question is known, which answers are read, and what is missing from a form that should ask."""

from decimal import Decimal
from typing import Any

import pytest

from service.domain.concepts import Item
from service.domain.days import EARLIEST
from service.domain.facts import Answer
from service.domain.facts import Reading as Extent
from service.domain.instruments import GAD7 as GAD7_SCALE
from service.domain.instruments import PHQ9 as PHQ9_SCALE
from service.fhir.reading import Reading
from service.terminology.terminology import Terminology
from tests.fhir.reading.feeding import (
    CSSRS_1,
    CSSRS_2,
    CSSRS_PANEL,
    GAD7,
    ITEM_1,
    ITEM_9,
    NOT_AT_ALL,
    PHQ9,
    PHQ9_ITEMS,
    PHQ9_PANEL,
    SEVERAL_DAYS,
    concept,
    day,
    read,
    refused,
    resource,
)

HERE = "Bundle.entry[0].resource"
LOINC = "http://loinc.org"


def form(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return resource(
        "QuestionnaireResponse",
        "f",
        **{"status": "completed", "authored": "2026-03-01", "item": list(items), **more},
    )


def question(link: str, *answers: Any, **more: Any) -> dict[str, Any]:
    """A question with integer answers, or with answers as they are."""
    given = [one if isinstance(one, dict) else {"valueInteger": one} for one in answers]
    return {"linkId": link, **({"answer": given} if given else {}), **more}


def coding(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"valueCoding": {"system": system, "code": code}}


def item_9(reading: Reading) -> Answer:
    (answer,) = (one for one in reading.chart.answers if one.item is Item.PHQ9_9)
    return answer


@pytest.mark.parametrize("link", [ITEM_9, f"/{ITEM_9}", f"/{PHQ9_PANEL}/{ITEM_9}"])
def test_question_is_known_by_a_link_that_is_its_code(link: str) -> None:
    answer = item_9(read(form(question(link, 1))))
    assert (answer.value, answer.first, answer.response) == (1, day("2026-03-01"), HERE)
    assert answer.source.reference == "QuestionnaireResponse/f"


@pytest.mark.parametrize("definition", [f"{LOINC}/{ITEM_9}", f"{LOINC}#{ITEM_9}"])
def test_question_is_known_by_its_definition(definition: str) -> None:
    assert item_9(read(form(question("q9", 1, definition=definition)))).value == 1


def test_question_is_known_by_the_contained_questionnaire() -> None:
    asked = {"linkId": "q9", "code": [{"system": LOINC, "code": ITEM_9}]}
    inner = {
        "resourceType": "Questionnaire",
        "id": "q",
        "status": "active",
        "item": [{"linkId": "g", "item": [asked]}],
    }
    assert item_9(read(form(question("q9", 1), questionnaire="#q", contained=[inner]))).value == 1


@pytest.mark.parametrize("canonical", ["http://x/Questionnaire/phq", "http://x/Questionnaire/phq|2"])
def test_question_is_known_by_the_questionnaire_in_the_bundle(canonical: str) -> None:
    asked = {
        "resourceType": "Questionnaire",
        "url": "http://x/Questionnaire/phq",
        "version": "2",
        "status": "active",
        "item": [
            {"linkId": "q9", "definition": f"{LOINC}#{ITEM_9}"},
            {"code": [{"system": LOINC, "code": ITEM_1}]},
        ],
    }
    reading = read(form(question("q9", 1), questionnaire=canonical), asked)
    assert item_9(reading).value == 1
    assert reading.account.used == 2


@pytest.mark.parametrize("canonical", ["http://x/Questionnaire/phq|3", "#gone", "http://x/other"])
def test_another_questionnaire_tells_nothing(canonical: str) -> None:
    asked = {
        "resourceType": "Questionnaire",
        "url": "http://x/Questionnaire/phq",
        "version": "2",
        "item": [{"linkId": "q9", "code": [{"system": LOINC, "code": ITEM_9}]}],
    }
    reading = read(form(question("q9", 1), questionnaire=canonical), asked)
    assert (reading.chart.answers, reading.account.not_read) == ((), 2)


def test_question_is_known_by_the_site_map() -> None:
    terminology = Terminology.default().with_site_map({("http://site/phq", "Q_9"): ((LOINC, ITEM_9),)})
    reading = read(form(question("Q_9", 1), questionnaire="http://site/phq|1.0"), terminology=terminology)
    assert item_9(reading).value == 1


def test_nested_questions_are_read_in_groups_and_under_answers() -> None:
    deep = question("g", item=[question("h", {"valueBoolean": True, "item": [question(ITEM_9, 2)]})])
    assert item_9(read(form(deep))).value == 2


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (coding(SEVERAL_DAYS), 1),
        ({"valueInteger": 2}, 2),
        ({"valueDecimal": 2.0}, 2),
        ({"valueString": "3"}, 3),
        ({"valueQuantity": {"value": 1, "unit": "{score}"}}, 1),
    ],
)
def test_answers_of_every_type_are_read(answer: dict[str, Any], value: int) -> None:
    assert item_9(read(form(question(ITEM_9, answer)))).value == value


def test_yes_or_no_is_read_for_questions_that_ask_for_it() -> None:
    (answer,) = read(form(question(CSSRS_1, {"valueBoolean": True}))).chart.answers
    assert (answer.item, answer.value) == (Item.CSSRS_1, 1)


@pytest.mark.parametrize(
    "answer",
    [{"valueString": "often"}, {"valueDate": "2026-01-01"}, {"valueCoding": {"display": "Not at all"}}, {}],
)
def test_h01_answer_about_suicide_that_cannot_be_read_stays_in_the_chart(answer: dict[str, Any]) -> None:
    reading = read(form(question(ITEM_9, answer)))
    assert item_9(reading).reading is Extent.UNREADABLE
    assert reading.rejections[0].expression == f"{HERE}.item[0].answer[0].value"
    assert reading.rejections[0].safety
    assert item_9(reading).first == day("2026-03-01")


def test_refusal_to_answer_is_told() -> None:
    system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    assert item_9(read(form(question(ITEM_9, coding("asked-declined", system))))).reading is Extent.DECLINED


def test_of_several_answers_the_highest_counts() -> None:
    assert item_9(read(form(question(ITEM_9, 0, 2, {"valueString": "?"})))).value == 2
    assert item_9(read(form(question(ITEM_9, {"valueString": "?"}, 0)))).value == 0


def test_total_in_the_form_is_read() -> None:
    reading = read(form(question(f"/{PHQ9}", {"valueDecimal": 12}), question(ITEM_9, 1)))
    (score,) = reading.chart.scores
    assert (score.instrument, score.value, score.response) == (PHQ9_SCALE, Decimal(12), HERE)


@pytest.mark.parametrize("answer", [{"valueDecimal": 99}, {"valueString": "high"}])
def test_total_off_the_scale_is_refused_where_it_stands(answer: dict[str, Any]) -> None:
    reading = read(form(question(GAD7, answer)))
    assert reading.rejections[0].expression == f"{HERE}.item[0].answer[0].value"
    assert not reading.chart.scores


def test_unanswered_total_is_no_total() -> None:
    assert read(form(question(GAD7))).chart.scores == ()


def test_gad7_form_gives_items_and_total() -> None:
    reading = read(form(question("69725-0", coding(NOT_AT_ALL)), question(GAD7, 7)))
    assert (reading.chart.answers[0].item, reading.chart.scores[0].instrument) == (Item.GAD7_1, GAD7_SCALE)


def test_form_that_nobody_knows_is_counted() -> None:
    reading = read(form(question("1", 1), question("weight", 70)))
    assert (reading.account.not_read, reading.chart.answers) == (1, ())


@pytest.mark.parametrize("status", ["in-progress", "stopped", "unknown", None])
def test_form_that_is_not_complete_is_read_for_suicide_alone(status: str | None) -> None:
    reading = read(form(question(ITEM_9, 1), question(ITEM_1, 3), question(GAD7, 9), question(PHQ9, 22), status=status))
    (answer,) = reading.chart.answers
    assert (answer.item, answer.preliminary) == (Item.PHQ9_9, True)
    (score,) = reading.chart.scores
    assert (score.instrument, score.preliminary) == (PHQ9_SCALE, True)


def test_withdrawn_form_is_dropped_and_remembered() -> None:
    reading = read(form(question(ITEM_9, 1), status="entered-in-error"))
    assert reading.chart.answers == ()
    assert reading.account.rejected == {"status-entered-in-error": 1}
    assert reading.chart.retracted == {"QuestionnaireResponse/f"}


@pytest.mark.parametrize("authored", [None, "yesterday"])
def test_form_without_a_usable_date_is_read_for_suicide_alone(authored: str | None) -> None:
    reading = read(form(question(ITEM_9, 1), question(ITEM_1, 3), question(GAD7, 9), authored=authored))
    (answer,) = reading.chart.answers
    assert (answer.item, answer.first) == (Item.PHQ9_9, EARLIEST)
    assert reading.chart.scores == ()
    assert reading.rejections[0].expression == f"{HERE}.authored"


@pytest.mark.parametrize(
    ("items", "more"),
    [
        ([question("q1", 1)], {"questionnaire": f"http://loinc.org/q/{PHQ9_PANEL}"}),
        ([question(f"/{PHQ9_PANEL}", item=[question("q9", 1)])], {}),
        ([question(PHQ9, 12), question("q9", 1)], {}),
        ([question(code, 1) for code in PHQ9_ITEMS[:8]] + [question("q9", 1)], {}),
        ([question(PHQ9, 12), question(ITEM_9)], {}),
    ],
)
def test_h01_known_form_without_a_readable_question_about_suicide_is_not_reassuring(
    items: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    reading = read(form(*items, **more))
    answer = item_9(reading)
    assert (answer.value, answer.reading, answer.first) == (None, Extent.UNREADABLE, day("2026-03-01"))
    assert reading.rejections[0].safety


def test_form_of_known_questionnaire_without_the_question_is_not_reassuring() -> None:
    inner = {"resourceType": "Questionnaire", "id": "q", "code": concept(CSSRS_PANEL)["coding"]}
    reading = read(form(question("1", {"valueBoolean": False}), questionnaire="#q", contained=[inner]))
    (answer,) = reading.chart.answers
    assert (answer.item, answer.reading) == (Item.CSSRS_1, Extent.UNREADABLE)


def test_screener_with_one_of_its_two_questions_is_read_as_it_is() -> None:
    reading = read(form(question(f"/{CSSRS_PANEL}", item=[question(CSSRS_2, coding("LA32-8"))])))
    assert [answer.item for answer in reading.chart.answers] == [Item.CSSRS_2]


def test_forms_that_do_not_ask_about_suicide_miss_nothing() -> None:
    two = form(*[question(code, 1) for code in PHQ9_ITEMS[:2]], question("x", 1))
    eight = form(*[question(code, 1) for code in PHQ9_ITEMS[:8]], question("69722-7", 1))
    for one in (two, eight):
        assert Item.PHQ9_9 not in {answer.item for answer in read(one).chart.answers}


def test_form_that_is_not_complete_misses_nothing_yet() -> None:
    assert read(form(question(PHQ9, 12), status="in-progress")).chart.answers == ()


@pytest.mark.parametrize("where", ["item", "answer"])
def test_modifier_in_a_question_refuses_that_question(where: str) -> None:
    modifier = {"modifierExtension": [{"url": "http://x", "valueBoolean": True}]}
    asked = question(ITEM_9, {"valueInteger": 1, **(modifier if where == "answer" else {})})
    reading = read(form(asked | (modifier if where == "item" else {}), question(ITEM_1, 1)))
    assert item_9(reading).reading is Extent.UNREADABLE
    assert ("modifier-extension", f"{HERE}.item[0].answer[0].modifierExtension") in refused(reading)
    assert len(reading.chart.answers) == 2


def test_modifier_at_a_total_refuses_the_total() -> None:
    modifier = {"modifierExtension": [{"url": "http://x"}]}
    reading = read(form(question(GAD7, 9) | modifier))
    assert refused(reading) == [("modifier-extension", f"{HERE}.item[0].answer[0].modifierExtension")]


def test_deeply_nested_form_is_read() -> None:
    item = question(ITEM_9, 1)
    for number in range(25):
        item = question(str(number), item=[item])
    assert item_9(read(form(item))).value == 1


@pytest.mark.parametrize(("link", "safety"), [(ITEM_9, True), (GAD7, False)])
def test_quantity_of_the_wrong_type_is_refused_where_it_stands(link: str, safety: bool) -> None:
    reading = read(form(question(link, {"valueQuantity": {"value": 1, "unit": 7}})))
    assert refused(reading) == [("wrong-type", f"{HERE}.item[0].answer[0].value")]
    assert reading.rejections[0].safety is safety
