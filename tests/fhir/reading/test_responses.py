"""Which answers and totals make one response: components, members, derivations, forms, contained resources."""

from service.domain.concepts import Item
from service.domain.facts import Reading as Extent
from tests.fhir.reading.feeding import (
    ITEM_1,
    ITEM_9,
    NOT_AT_ALL,
    PHQ9,
    PHQ9_ITEMS,
    PHQ9_PANEL,
    SEVERAL_DAYS,
    coded,
    concept,
    entry,
    observation,
    quantity,
    read,
    refused,
    resource,
    score_of,
)

HERE = "Bundle.entry[0].resource"


def test_h14_us_core_panel_ties_its_members_together() -> None:
    """The shape of US Core's own example: the panel without a value, the total a string, the items coded."""
    names = ["total", *[f"item-{n}" for n in range(9)]]
    members = [{"reference": f"Observation/{name}"} for name in names]
    reading = read(
        observation(PHQ9_PANEL, "panel", hasMember=members),
        observation(PHQ9, "total", valueString="9"),
        *[observation(code, f"item-{n}", **coded(SEVERAL_DAYS)) for n, code in enumerate(PHQ9_ITEMS)],
    )
    (score,) = reading.chart.scores
    assert score.response == HERE
    assert {answer.response for answer in reading.chart.answers} == {HERE}
    assert [answer.value for answer in reading.chart.answers] == [1] * 9
    assert reading.account.used == 11


def test_h14_components_belong_to_their_observation() -> None:
    parts = [{"code": concept(ITEM_9), **coded(SEVERAL_DAYS)}, {"code": concept(ITEM_1), "valueInteger": 0}]
    reading = read(observation(PHQ9_PANEL, component=[*parts, {"code": concept(PHQ9), **score_of(1)}, {}]))
    assert {answer.response for answer in reading.chart.answers} == {HERE}
    assert reading.chart.scores[0].response == HERE
    assert {answer.source.reference for answer in reading.chart.answers} == {"Observation/o"}


def test_h01_component_of_a_panel_that_nobody_knows_is_read() -> None:
    parts = [{"code": concept(ITEM_9), **coded(SEVERAL_DAYS)}]
    reading = read(observation("local", "o", "http://example.org", component=parts))
    assert reading.chart.answers[0].value == 1


def test_components_that_no_rule_reads_are_passed_over_whatever_the_status() -> None:
    parts = [{"code": concept("8480-6"), **quantity(120, "mm[Hg]")}]
    reading = read(observation("85354-9", status="cancelled", component=parts))
    assert (reading.account.not_read, reading.rejections) == (1, ())


def test_unreadable_component_names_itself() -> None:
    parts = [{"code": concept(ITEM_1), "valueInteger": 1}, {"code": concept(ITEM_9), "valueString": "?"}]
    reading = read(observation(PHQ9_PANEL, component=parts))
    assert refused(reading) == [("value", f"{HERE}.component[1].valueString")]
    assert [answer.reading for answer in reading.chart.answers] == [Extent.READ, Extent.UNREADABLE]
    assert reading.account.used == 1


def test_components_of_the_wrong_type_leave_the_value() -> None:
    reading = read(observation(PHQ9, **score_of(9), component=[{"code": "x"}]))
    assert len(reading.chart.scores) == 1
    assert refused(reading) == [("wrong-type", f"{HERE}.component[0].code")]


def test_total_that_was_derived_from_items_is_tied_to_them() -> None:
    reading = read(
        observation(ITEM_9, "item", valueInteger=0),
        observation(PHQ9, "total", **score_of(3), derivedFrom=[{"reference": "Observation/item"}]),
    )
    assert reading.chart.scores[0].response == reading.chart.answers[0].response != ""


def test_total_that_was_derived_from_a_form_is_tied_to_its_answers() -> None:
    form = resource(
        "QuestionnaireResponse",
        "form",
        status="completed",
        authored="2026-03-01",
        item=[{"linkId": ITEM_9, "answer": [{"valueInteger": 1}]}],
    )
    total = observation(PHQ9, "total", **score_of(3), derivedFrom=[{"reference": "QuestionnaireResponse/form"}])
    reading = read(total, form)
    assert reading.chart.scores[0].response == reading.chart.answers[0].response != ""


def test_links_add_up_over_several_resources() -> None:
    reading = read(
        observation(PHQ9_PANEL, "panel", hasMember=[{"reference": "Observation/total"}]),
        observation(PHQ9, "total", **score_of(3), derivedFrom=[{"reference": "Observation/item"}]),
        observation(ITEM_9, "item", valueInteger=0),
    )
    assert {reading.chart.scores[0].response, reading.chart.answers[0].response} == {HERE}


def test_unlinked_observations_belong_to_no_response() -> None:
    reading = read(observation(PHQ9, "total", **score_of(3)), observation(ITEM_9, "item", valueInteger=0))
    assert (reading.chart.scores[0].response, reading.chart.answers[0].response) == ("", "")


def test_members_are_found_by_every_kind_of_reference() -> None:
    base = "http://ehr.example/fhir"
    item = observation(ITEM_9, "i", valueInteger=0)
    for reference, url in (
        ("Observation/i", None),
        ("Observation/i/_history/3", None),
        (f"{base}/Observation/i", f"{base}/Observation/i"),
        ("Observation/i", f"{base}/Observation/i"),
        (f"{base}/Observation/i", None),
        ("urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a", "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"),
    ):
        panel = entry(observation(PHQ9_PANEL, "panel", hasMember=[{"reference": reference}]))
        panel["fullUrl"] = f"{base}/Observation/panel"
        reading = read(panel, entry(item) | ({"fullUrl": url} if url else {}))
        assert reading.chart.answers[0].response == HERE, reference


def test_relative_reference_is_resolved_on_the_server_of_its_own_entry() -> None:
    first, second = "http://one.example/fhir", "http://two.example/fhir"
    panel = {
        "fullUrl": f"{second}/Observation/p",
        "resource": observation(PHQ9_PANEL, "p", hasMember=[{"reference": "Observation/i"}]),
    }
    other = {"fullUrl": f"{first}/Observation/i", "resource": observation(ITEM_1, "i", valueInteger=1)}
    own = {"fullUrl": f"{second}/Observation/i", "resource": observation(ITEM_9, "i", valueInteger=1)}
    for entries in ((panel, other, own), (panel, own, other)):
        answers = {answer.item: answer.response for answer in read(*entries).chart.answers}
        assert answers == {Item.PHQ9_1: "", Item.PHQ9_9: HERE}


def test_member_that_is_not_there_ties_nothing() -> None:
    members = [
        {"reference": "Observation/gone"},
        {"reference": "#gone"},
        {"display": "x"},
        {"reference": "?"},
    ]
    assert read(observation(PHQ9, **score_of(3), hasMember=members)).chart.scores[0].response == ""


def test_members_of_the_wrong_type_leave_the_value() -> None:
    reading = read(observation(PHQ9, **score_of(3), hasMember="Observation/x"))
    assert len(reading.chart.scores) == 1
    assert refused(reading) == [("wrong-type", f"{HERE}.hasMember")]


def test_h01_contained_members_are_read_and_cited_by_their_container() -> None:
    inner = observation(ITEM_9, "i9", **coded(SEVERAL_DAYS), subject=None)
    reading = read(observation(PHQ9_PANEL, hasMember=[{"reference": "#i9"}], contained=[inner]))
    (answer,) = reading.chart.answers
    assert (answer.value, answer.source.reference, answer.response) == (1, "Observation/o", HERE)
    assert answer.source.expression == f"{HERE}.contained[0]"


def test_contained_panel_finds_its_contained_fellows() -> None:
    inner = [
        observation(PHQ9_PANEL, "panel", hasMember=[{"reference": "#i9"}], subject=None),
        observation(ITEM_9, "i9", **coded(NOT_AT_ALL), subject=None),
    ]
    (answer,) = read(resource("DiagnosticReport", status="final", contained=inner)).chart.answers
    assert answer.response == f"{HERE}.contained[0]"


def test_h01_results_contained_in_a_report_are_read() -> None:
    inner = observation(ITEM_9, "i9", **coded(SEVERAL_DAYS))
    reading = read(resource("DiagnosticReport", status="final", contained=[inner], result=[{"reference": "#i9"}]))
    assert (reading.chart.answers[0].value, reading.account.used) == (1, 1)


def test_observation_contained_in_a_type_that_nobody_reads_is_read() -> None:
    inner = observation(ITEM_9, "i9", **coded(SEVERAL_DAYS), subject=None)
    reading = read(observation(ITEM_1, valueInteger=1), resource("Composition", contained=[inner]))
    assert [answer.value for answer in reading.chart.answers] == [1, 1]
    assert reading.account.used == 2


def test_contents_of_a_withdrawn_container_are_not_read() -> None:
    inner = observation(ITEM_9, "i9", **coded(SEVERAL_DAYS))
    reading = read(resource("DiagnosticReport", status="entered-in-error", contained=[inner]))
    assert not reading.chart.answers


def test_contained_form_is_read() -> None:
    form = {
        "resourceType": "QuestionnaireResponse",
        "id": "form",
        "status": "completed",
        "authored": "2026-03-01",
        "item": [{"linkId": ITEM_9, "answer": [{"valueInteger": 1}]}],
    }
    reading = read(observation(PHQ9, **score_of(4), contained=[form], derivedFrom=[{"reference": "#form"}]))
    assert reading.chart.answers[0].response == reading.chart.scores[0].response == HERE


def test_contained_resource_that_cannot_be_decoded_is_listed() -> None:
    broken = observation(ITEM_9, "i9", status=7)
    unknown = {"resourceType": "Nonsense"}
    reading = read(observation(PHQ9, **score_of(4), contained=[broken, unknown]))
    assert ("wrong-type", f"{HERE}.contained[0].status") in refused(reading)
    assert len(reading.chart.scores) == 1
    assert [answer.reading for answer in reading.chart.answers] == [Extent.UNREADABLE]


def test_contained_resource_without_a_type_or_of_a_thing_that_nobody_reads_is_passed_over() -> None:
    elsewhere = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    nobody_reads = {"resourceType": "Observation", "id": "pulse", "status": 7, "code": elsewhere}
    reading = read(observation(PHQ9, **score_of(4), contained=[7, {"id": "typeless"}, nobody_reads]))
    assert refused(reading) == []
    assert len(reading.chart.scores) == 1


def test_contained_that_is_no_list_is_listed() -> None:
    reading = read(observation(PHQ9, **score_of(4), contained={"resourceType": "Observation"}))
    assert refused(reading) == [("wrong-type", f"{HERE}.contained")]
    assert len(reading.chart.scores) == 1


def test_long_chains_of_links_are_one_response() -> None:
    count = 300
    chain = [
        observation(ITEM_1, f"i{n}", valueInteger=1, effectiveDateTime=f"2026-03-01T00:{n // 60:02}:{n % 60:02}Z",
                    derivedFrom=[{"reference": f"Observation/i{n - 1}"}])
        for n in reversed(range(count))
    ]  # fmt: skip
    assert len({answer.response for answer in read(*chain).chart.answers}) == 1


def test_contained_wrong_type_is_no_member() -> None:
    panel = observation(PHQ9_PANEL, hasMember=[{"reference": "#x"}], contained="x", **score_of(3))
    assert read(panel).chart.scores[0].response == ""


def test_members_of_a_long_bundle_are_found() -> None:
    others = [observation("8867-4", f"other-{number}") for number in range(2050)]
    total = observation(PHQ9, "total", hasMember=[{"reference": "Observation/item"}], **score_of(12))
    reading = read(*others, total, observation(ITEM_9, "item", **coded(SEVERAL_DAYS)))
    (answer,) = reading.chart.answers
    assert answer.source.expression == "Bundle.entry[2051].resource"
    (score,) = reading.chart.scores
    assert answer.response == score.response == "Bundle.entry[2050].resource"


def test_total_with_members_that_cannot_be_read_is_refused_as_any_other() -> None:
    members = [{"reference": "Observation/item"}]
    reading = read(
        observation(PHQ9, "total", hasMember=members, **score_of(99)),
        observation(PHQ9, "early", hasMember=members, status="preliminary", **score_of(12)),
        observation(ITEM_9, "item", **coded(SEVERAL_DAYS)),
    )
    assert ("out-of-range", f"{HERE}.valueQuantity.value") in refused(reading)
    (score,), (answer,) = reading.chart.scores, reading.chart.answers
    assert score.preliminary
    assert answer.response == score.response == "Bundle.entry[1].resource"
