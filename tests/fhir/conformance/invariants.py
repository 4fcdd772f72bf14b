"""The invariants of FHIR R4 that what this service writes could break, by their published keys."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from tests.fhir.conformance.elements import Element, elements, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

XHTML = "{http://www.w3.org/1999/xhtml}"
_ALLOWED_XHTML = {
    "div",
    "p",
    "b",
    "i",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "th",
    "br",
    "span",
    "em",
    "strong",
}
_FORMATS = {
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "code": r"[^\s]+(\s[^\s]+)*",
    "dateTime": r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?",
}
_DATES = {"start", "end", "created", "occurrenceDateTime", "valueDateTime", "date"}
_NAMED = {
    "CapabilityStatement",
    "CodeSystem",
    "ValueSet",
    "OperationDefinition",
    "StructureDefinition",
    "PlanDefinition",
    "Library",
}


def invariant_problems(resource: Json) -> Iterator[str]:
    """Every invariant that does not hold, as `path: key, what it demands`."""
    for element in elements(resource):
        yield from _element(element)
        if isinstance(element.value, dict):
            yield from _members(element)
    for element in resources(resource):
        check = _BY_TYPE.get(element.value["resourceType"])
        if check is not None:
            yield from (f"{element.path}: {text}" for text in check(element.value))
        if element.value["resourceType"] in _NAMED and not re.fullmatch(
            "[A-Z][A-Za-z0-9_]{0,254}", element.value["name"]
        ):
            yield f"{element.path}.name: *-0, a name that a program can use"


def _element(element: Element) -> Iterator[str]:
    path, kind, name, value = element
    if value in (None, "", [], {}):
        yield f"{path}: ele-1, all elements have a value or children"
    if isinstance(value, str):
        if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", value):
            yield f"{path}: control character"
        if value.strip() == "":
            yield f"{path}: blank"
    if name == "id" and kind.count(".") == 1 and not re.fullmatch(_FORMATS["id"], str(value)):
        yield f"{path}: not an id"
    if name in ("code", "valueCode") and isinstance(value, str) and not re.fullmatch(_FORMATS["code"], value):
        yield f"{path}: not a code"
    if name in _DATES and isinstance(value, str) and not re.fullmatch(_FORMATS["dateTime"], value):
        yield f"{path}: not a dateTime"


def _members(element: Element) -> Iterator[str]:
    path, _, name, value = element
    values = [key for key in value if key.startswith("value")]
    if name in ("extension", "modifierExtension") and bool(value.get("extension")) == bool(values):
        yield f"{path}: ext-1, must have either extensions or value[x], not both"
    if "start" in value and "end" in value and value["start"] > value["end"]:
        yield f"{path}: per-1, start is not after end"
    if name == "text" and "div" in value:
        yield from (f"{path}.div: {text}" for text in _narrative(value["div"]))
    if name in ("meta",) and len({_key(label) for label in value.get("security", ())}) != len(
        value.get("security", ())
    ):
        yield f"{path}.security: a label twice"


def _key(label: Json) -> tuple[str, str]:
    return label.get("system", ""), label.get("code", "")


def _narrative(div: str) -> Iterator[str]:
    try:
        root = ElementTree.fromstring(div)  # noqa: S314 - made by the service under test
    except ElementTree.ParseError as error:
        yield f"not XHTML: {error}"
        return
    for node in root.iter():
        if node.tag.removeprefix(XHTML) not in _ALLOWED_XHTML or not node.tag.startswith(XHTML) or node.attrib:
            yield f"txt-1, {node.tag} {node.attrib}"
    if not "".join(root.itertext()).strip():
        yield "txt-2, the narrative has some content"


def _domain(resource: Json) -> Iterator[str]:
    references = {one.value for one in elements(resource) if one.name == "reference"}
    for contained in resource.get("contained", ()):
        if "contained" in contained:
            yield "dom-2, contained resources do not contain resources"
        if f"#{contained.get('id')}" not in references:
            yield "dom-3, a contained resource is referred to"
        if {"versionId", "lastUpdated"} & contained.get("meta", {}).keys():
            yield "dom-4, a contained resource has no version"
        if "security" in contained.get("meta", {}):
            yield "dom-5, a contained resource has no security label"
    ids = {f"#{contained.get('id')}" for contained in resource.get("contained", ())}
    for reference in references:
        if reference.startswith("#") and reference not in ids:
            yield f"ref-1, {reference} is not contained"


def _bundle(bundle: Json) -> Iterator[str]:
    entries, kind = bundle.get("entry", []), bundle["type"]
    if "total" in bundle and kind not in ("searchset", "history"):
        yield "bdl-1, total only in a search or history"
    if any("search" in entry for entry in entries) and kind != "searchset":
        yield "bdl-2, entry.search only in a search"
    if any(("request" in entry) != (kind in ("batch", "transaction", "history")) for entry in entries):
        yield "bdl-3, entry.request in a batch, transaction or history, and only there"
    addresses = [entry["fullUrl"] for entry in entries]
    if len(set(addresses)) != len(addresses):
        yield "bdl-7, fullUrl is unique"
    if any("/_history/" in address for address in addresses):
        yield "bdl-8, fullUrl is not a version"
    for address in addresses:
        if not re.fullmatch("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", address):
            yield f"{address} is not a urn:uuid of version 5"
    yield from _resolved(bundle, set(addresses))


def _resolved(bundle: Json, addresses: set[str]) -> Iterator[str]:
    """Our own urns lead to an entry; what the data referred to may lie outside."""
    for one in elements(bundle):
        if one.name == "reference" and re.match("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5", str(one.value)):
            if one.value not in addresses:
                yield f"{one.path}: {one.value} leads nowhere"
        elif one.name == "reference" and bundle["type"] == "transaction" and str(one.value).startswith("urn:"):
            yield f"{one.path}: {one.value} cannot be stored"


def _flag(flag: Json) -> Iterator[str]:
    yield from _domain(flag)
    yield from (f"{name} is required" for name in ("status", "code", "subject") if name not in flag)


def _care_plan(plan: Json) -> Iterator[str]:
    yield from _domain(plan)
    yield from (f"{name} is required" for name in ("status", "intent", "subject") if name not in plan)
    for activity in plan.get("activity", ()):
        if ("detail" in activity) == ("reference" in activity):
            yield "cpl-3, a reference or detail, not both"
        yield from _detail(activity.get("detail", {}))


def _detail(detail: Json) -> Iterator[str]:
    if "status" not in detail:
        yield "activity.detail.status is required"
    for reason in detail.get("reasonReference", ()):
        kind = reason.get("type") or reason.get("reference", "").split("/")[-2:][0]
        if kind not in {
            "Condition",
            "Observation",
            "DiagnosticReport",
            "DocumentReference",
        } and not kind.startswith("urn:"):
            yield f"reasonReference to a {kind}"
    start = detail.get("scheduledPeriod", {}).get("start")
    if start is not None:
        date.fromisoformat(start)


def _guidance(guidance: Json) -> Iterator[str]:
    yield from _domain(guidance)
    if sum(name.startswith("module") for name in guidance) != 1:
        yield "module[x] is required, once"
    if "status" not in guidance:
        yield "status is required"
    for requirement in guidance.get("dataRequirement", ()):
        for part in (*requirement.get("codeFilter", ()), *requirement.get("dateFilter", ())):
            if ("path" in part) == ("searchParam" in part):
                yield "drq-1, drq-2, either a path or a searchParam"
        for part in requirement.get("dateFilter", ()):
            if (
                part["valueDuration"].get("system") != "http://unitsofmeasure.org"
                or "code" not in part["valueDuration"]
            ):
                yield "drt-1, a duration has a UCUM code"


def _parameters(parameters: Json) -> Iterator[str]:
    for one in elements(parameters.get("parameter", [])):
        if one.name in ("", "part") and isinstance(one.value, dict):
            held = [key for key in one.value if key.startswith("value") or key in ("resource", "part")]
            if len(held) != 1 or not one.value.get("name"):
                yield f"{one.path}: inv-1, a parameter has one of value, resource, part"


def _outcome(outcome: Json) -> Iterator[str]:
    if not outcome.get("issue"):
        yield "issue is required"
    yield from ("severity and code are required" for one in outcome["issue"] if not {"severity", "code"} <= one.keys())


def _code_system(system: Json) -> Iterator[str]:
    codes = [concept["code"] for concept in system["concept"]]
    if len(set(codes)) != len(codes) or system.get("count", len(codes)) != len(codes):
        yield "csd-1, codes are unique and counted"


def _value_set(values: Json) -> Iterator[str]:
    for include in values["compose"]["include"]:
        if not include.get("system"):
            yield "vsd-1, vsd-2, an include has a system"
        if "concept" in include and "filter" in include:
            yield "vsd-3, not both concept and filter"


def _capability(statement: Json) -> Iterator[str]:
    if "implementation" not in statement or not statement.get("rest"):
        yield "cpb-1, cpb-2, cpb-15, an instance has an implementation and something it does"
    for rest in statement["rest"]:
        types = [one["type"] for one in rest["resource"]]
        if len(set(types)) != len(types):
            yield "cpb-9, each type once"


def _operation(operation: Json) -> Iterator[str]:
    for parameter in operation["parameter"]:
        if ("type" in parameter) == ("part" in parameter):
            yield "opd-1, a type or parts"
    returned = [one["name"] for one in operation["parameter"] if one["use"] == "out"]
    if returned != ["return"]:
        yield "an answer that is one resource is called return"


def _structure(structure: Json) -> Iterator[str]:
    paths = [one["path"] for one in structure["differential"]["element"]]
    ids = [one["id"] for one in structure["differential"]["element"]]
    if any(path.split(".")[0] != structure["type"] for path in paths):
        yield "sdf-8a, paths begin with the type"
    if len(set(ids)) != len(ids):
        yield "sdf-17, element ids are unique"


_BY_TYPE = {
    "Bundle": _bundle,
    "Flag": _flag,
    "CarePlan": _care_plan,
    "GuidanceResponse": _guidance,
    "Parameters": _parameters,
    "OperationOutcome": _outcome,
    "CodeSystem": _code_system,
    "ValueSet": _value_set,
    "CapabilityStatement": _capability,
    "OperationDefinition": _operation,
    "StructureDefinition": _structure,
}
