"""Is a site's ConceptMap read as it says, and refused with the element's path where it cannot be?"""

import json
from typing import Any

import pytest

from service.fhir.concept_maps import ConceptMapUnreadable, read_concept_map
from service.terminology import LOINC, MEASURAND, Terminology

SITE = "urn:example:codes"
OWN = "https://moodmarker.org/fhir/CodeSystem/measurand"


def _map(*elements: dict[str, Any], **group: object) -> bytes:
    one = {"source": SITE, "target": OWN, "element": list(elements), **group}
    return json.dumps({"resourceType": "ConceptMap", "status": "active", "group": [one]}).encode()


def _element(code: str, target: str, equivalence: str = "equal", **more: object) -> dict[str, Any]:
    return {"code": code, "target": [{"code": target, "equivalence": equivalence, **more}]}


@pytest.mark.parametrize("equivalence", ["equal", "equivalent", "wider", "subsumes"])
def test_what_holds_for_the_source_is_read(equivalence: str) -> None:
    read = read_concept_map(_map(_element("P8", "phq-8", equivalence)))
    assert read == {(SITE, "P8"): ((MEASURAND, "phq-8"),)}


@pytest.mark.parametrize("equivalence", ["narrower", "specializes", "inexact", "relatedto", "", "Equal"])
def test_what_need_not_hold_is_refused(equivalence: str) -> None:
    with pytest.raises(ConceptMapUnreadable) as refused:
        read_concept_map(_map(_element("A", "phq-9"), _element("P8", "phq-8", equivalence)))
    assert refused.value.expression == "ConceptMap.group[0].element[1].target[0].equivalence"
    assert "equal, equivalent, wider, subsumes" in refused.value.text


@pytest.mark.parametrize("equivalence", ["unmatched", "disjoint"])
def test_a_code_without_a_match_is_left_out(equivalence: str) -> None:
    nothing = {"code": "P8", "target": [{"equivalence": equivalence}]}
    assert read_concept_map(_map(nothing, {"code": "P7"}, _element("P9", "phq-9"))) == {
        (SITE, "P9"): ((MEASURAND, "phq-9"),)
    }


def test_targets_of_several_groups_and_elements_add_up() -> None:
    groups = [
        {"source": SITE, "target": OWN, "element": [_element("X", "relapse"), _element("X", "headache")]},
        {"source": SITE, "target": LOINC, "element": [_element("X", "44261-6"), _element("X", "44261-6")]},
    ]
    body = json.dumps({"resourceType": "ConceptMap", "group": groups}).encode()
    assert read_concept_map(b"\xef\xbb\xbf" + body) == {
        (SITE, "X"): ((MEASURAND, "relapse"), (MEASURAND, "headache"), (LOINC, "44261-6"))
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType": "ConceptMap", "status": "active"}',
        _map(unmapped={"mode": "provided"}),
        _map({"code": "P8", "target": [{"equivalence": "unmatched"}]}),
    ],
)
def test_a_map_that_maps_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(ConceptMapUnreadable, match="it maps nothing") as refused:
        read_concept_map(body)
    assert refused.value.expression == "ConceptMap.group"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "ConceptMap"),
        (b"{", "ConceptMap"),
        (b"\xff", "ConceptMap"),
        (b"[" * 100_000, "ConceptMap"),
        (b'{"x": ' + b"[" * 100_000, "ConceptMap"),
        (b"[]", "ConceptMap"),
        (b'{"resourceType": "Bundle"}', "ConceptMap.resourceType"),
        (b"{}", "ConceptMap.resourceType"),
        (b'{"resourceType": "ConceptMap", "group": {}}', "ConceptMap.group"),
        (b'{"resourceType": "ConceptMap", "implicitRules": "urn:x"}', "ConceptMap.implicitRules"),
        (b'{"resourceType": "ConceptMap", "modifierExtension": [{}]}', "ConceptMap.modifierExtension"),
        (_map(source=""), "ConceptMap.group[0].source"),
        (_map(target=""), "ConceptMap.group[0].target"),
        (_map(modifierExtension=[{}]), "ConceptMap.group[0].modifierExtension"),
        (_map(unmapped={"mode": "fixed", "code": "relapse"}), "ConceptMap.group[0].unmapped"),
        (_map({"target": []}), "ConceptMap.group[0].element[0].code"),
        (_map({"code": 8}), "ConceptMap.group[0].element[0].code"),
        (_map({"code": "X", "modifierExtension": [{}]}), "ConceptMap.group[0].element[0].modifierExtension"),
        (_map(_element("X", "")), "ConceptMap.group[0].element[0].target[0].code"),
        (
            _map(_element("X", "relapse", modifierExtension=[{}])),
            "ConceptMap.group[0].element[0].target[0].modifierExtension",
        ),
        (
            _map(_element("X", "relapse", dependsOn=[{}])),
            "ConceptMap.group[0].element[0].target[0].dependsOn",
        ),
        (_map(_element("X", "relapse", product=[{}])), "ConceptMap.group[0].element[0].target[0].product"),
    ],
)
def test_refusals_name_the_element(body: bytes, path: str) -> None:
    with pytest.raises(ConceptMapUnreadable) as refused:
        read_concept_map(body)
    assert refused.value.expression.startswith(path)
    assert refused.value.text


def test_a_read_map_can_be_merged() -> None:
    site = Terminology.default().with_site_map(read_concept_map(_map(_element("REL", "relapse"))))
    assert site.lookup[SITE, "REL"] == site.lookup[MEASURAND, "relapse"]
