"""How the model of a CDS service can be broken, and the requirements that find each fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.model_service import BASE

Change = Callable[[Json], Any]


def _each_card(change: Change) -> Change:
    def changed(answer: Json) -> None:
        for card in answer["cards"]:
            change(card)

    return changed


def _put(path: str, value: Any) -> Change:
    """Sets a member of every card; the path leads through objects and the first of arrays."""

    def put(card: Json) -> None:
        *parents, last = path.split(".")
        place: Any = card
        for name in parents:
            place = place[int(name)] if name.isdecimal() else place[name]
        place[last] = value

    return _each_card(put)


def _drop(path: str) -> Change:
    def drop(card: Json) -> None:
        *parents, last = path.split(".")
        place: Any = card
        for name in parents:
            place = place[int(name)] if name.isdecimal() else place[name]
        del place[last]

    return _each_card(drop)


def _same(path: str) -> Change:
    """All have the one value that the first has."""

    def same(answer: Json) -> None:
        for name in answer["cards"]:
            target = name if path == "uuid" else name["suggestions"][1]
            target["uuid"] = "5e77b6a1-0001-4d0a-9a2f-2b4dcb1f4f0a"

    return same


def _first_action(index: int, **changed: Any) -> Change:
    def change(card: Json) -> None:
        card["suggestions"][0]["actions"][index] |= changed

    return _each_card(change)


def _offered(name: str, value: Any = None) -> Change:
    """Each service with a member of this value; without one where it is None."""

    def change(document: Json) -> None:
        for service in document["services"]:
            service.pop(name, None)
            if value is not None:
                service[name] = value

    return change


def _template(query: str) -> Change:
    return _offered("prefetch", {"patient": "Patient/{{context.patientId}}", "conditions": query})


def _doubled(document: Json) -> Response:
    text = json.dumps(document).replace('"prefetch": {', '"prefetch": {"patient": "Patient/{{context.patientId}}", ')
    return Response(text, media_type="application/json")


ACTIONS = "suggestions.0.actions"
# What a service cannot show when nothing is where the discovery says.
_NOT_THERE = {"16", "28", "54", "77", "own@malformed-body", "own@hook-instance", "own@hook", "own@patient-id"}
_NOT_THERE |= {"own@token-without-server"}
_ANYTHING_TAKEN = {"own@malformed-body", "own@hook-instance", "own@hook", "own@patient-id", "own@other-patient"}
_ANYTHING_TAKEN |= {"own@token-without-server"}

BROKEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    # The ones that a patient or a clinician would come to harm by first.
    "null member": ({"answer": _put("links.0.label", None)}, {"3", "138"}),
    "null in a resource": ({"answer": _put(f"{ACTIONS}.0.resource.note", None)}, {"3"}),
    "empty member": ({"answer": _put("source.topic.version", "")}, {"3"}),
    "empty array": ({"answer": _put(f"{ACTIONS}.1.resource.activity", [])}, {"3"}),
    "missing uuid": ({"answer": _drop("uuid")}, {"80", "148"}),
    "duplicate uuid": ({"answer": _same("uuid")}, {"80"}),
    "summary of 140 characters": ({"answer": _put("summary", "x" * 140)}, {"83"}),
    "OperationOutcome swallowed": ({"lenient": "outcome"}, {"52"}),
    "alg:none accepted": ({"lenient": "unsigned"}, {"201"}),
    "HS256 accepted": ({"lenient": "shared secret"}, {"203"}),
    "another patient's data accepted": ({"lenient": "other patient"}, {"own@other-patient"}),
    "unresolved reference": (
        {"answer": _put(f"{ACTIONS}.1.resource.supportingInfo", [{"reference": "Flag/nowhere"}])},
        {"125"},
    ),
    # The rest, in the order of the requirements.
    "no JSON": ({"answer": lambda _: PlainTextResponse("{}")}, {"1", "74", "77"}),
    "no discovery": ({"offer": lambda _: Response(status_code=404)}, {"4", "6", "13"}),
    "discovery that comes and goes": (
        {"offer": lambda _: Response("{}", 503, media_type="application/json")},
        {"5", "6", "13"},
    ),
    "services of text": ({"offer": lambda _: {"services": "model"}}, {"6"}),
    "no hook": (
        {
            "offer": lambda document: {
                "services": [*document["services"], {"id": "x", "title": "x", "description": "x"}]
            }
        },
        {"7"},
    ),
    "service elsewhere": ({"offer": _offered("id", "elsewhere")}, _NOT_THERE),
    "malformed bodies taken": ({"lenient": "status 400"}, _ANYTHING_TAKEN),
    "no title": ({"offer": _offered("title")}, {"8"}),
    "no description": ({"offer": _offered("description")}, {"9"}),
    "id of a number": (
        {"offer": lambda document: {"services": [*document["services"], document["services"][0] | {"id": 7}]}},
        {"10"},
    ),
    "prefetch of text": ({"offer": _offered("prefetch", "Patient"), "lenient": "status 412"}, {"11"}),
    "usageRequirements of numbers": ({"offer": _offered("usageRequirements", 7)}, {"12"}),
    "201 for the discovery": ({"offer": lambda document: JSONResponse(document, 201)}, {"13"}),
    "500 with prefetch": ({"answer": lambda _: JSONResponse({}, 500)}, {"28", "77"}),
    "template that is no query": ({"offer": _template("all conditions")}, {"29"}),
    "two templates of one key": ({"offer": _doubled}, {"36"}),
    "200 without data": ({"lenient": "status 412"}, {"52", "54"}),
    "one brace": ({"offer": _template("Condition?patient={context.patientId}")}, {"55"}),
    "token of nobody": ({"offer": _template("Condition?patient={{patientId}}")}, {"56", "59"}),
    "token deep in the context": ({"offer": _template("Condition?patient={{context.patient.id}}")}, {"57"}),
    "chained search": ({"offer": _template("Condition?patient.name={{context.patientId}}")}, {"58"}),
    "modifier": ({"offer": _template("Condition?patient={{context.patientId}}&code:text=x")}, {"58"}),
    "_include": ({"offer": _template("Condition?patient={{context.patientId}}&_include=Condition:subject")}, {"58"}),
    "operation": ({"offer": _template("Patient/{{context.patientId}}/$everything")}, {"58"}),
    "date prefix": ({"offer": _template("Condition?patient={{context.patientId}}&recorded-date=sa2020")}, {"58"}),
    "200 as 202": ({"answer": lambda answer: JSONResponse(answer, 202)}, {"74", "76", "77"}),
    "no cards": ({"answer": lambda _: {"greeting": "hello"}}, {"74", "77"}),
    "systemActions unasked": (
        {
            "answer": lambda answer: answer.update(
                systemActions=[{"type": "delete", "description": "Away", "resourceId": "Flag/1"}]
            )
        },
        {"75"},
    ),
    "no array without data": (
        {"answer": lambda answer: None if answer["cards"] else {"said": "nothing"}},
        {"74", "77"},
    ),
    "HTML in the detail": ({"answer": _put("detail", "<b>Now</b>")}, {"85"}),
    "no indicator": ({"answer": _drop("indicator")}, {"87"}),
    "indicator of another kind": ({"answer": _put("indicator", "hard-stop")}, {"88"}),
    "source of text": ({"answer": _put("source", "Model")}, {"90"}),
    "suggestion alone": ({"answer": _put("suggestions", {"label": "Do it"})}, {"92"}),
    "no selectionBehavior": ({"answer": _drop("selectionBehavior")}, {"93"}),
    "another selectionBehavior": ({"answer": _put("selectionBehavior", "all")}, {"95"}),
    "selectionBehavior of a number": ({"answer": _put("selectionBehavior", 1)}, {"95", "96"}),
    "override reasons of text": ({"answer": _put("overrideReasons", ["not now"])}, {"98"}),
    "reason without display": ({"answer": _drop("overrideReasons.0.display")}, {"100", "136", "219"}),
    "link alone": ({"answer": _put("links", {"label": "Read"})}, {"103"}),
    "source without label": ({"answer": _drop("source.label")}, {"105"}),
    "relative source": ({"answer": _put("source.url", "/about")}, {"107"}),
    "source of this patient": ({"answer": _put("source.url", f"{BASE}/bb-patient")}, {"109"}),
    "relative icon": ({"answer": _put("source.icon", "icon.png")}, {"111"}),
    "icon that is none": ({"answer": _put("source.icon", f"{BASE}/cds-services")}, {"112"}),
    "topic of text": ({"answer": _put("source.topic", "mood")}, {"115"}),
    "suggestion without label": ({"answer": _drop("suggestions.0.label")}, {"117"}),
    "suggestions of one uuid": ({"answer": _same("suggestions")}, {"119"}),
    "recommended in words": ({"answer": _put("suggestions.0.isRecommended", "yes")}, {"121"}),
    "two recommended of one": ({"answer": _put("suggestions.1.isRecommended", True)}, {"122"}),
    "action alone": ({"answer": _put("suggestions.0.actions", {"type": "create"})}, {"124"}),
    "patch": ({"answer": _first_action(0, type="patch")}, {"127"}),
    "action without description": ({"answer": _drop(f"{ACTIONS}.0.description")}, {"128"}),
    "resource of no type": ({"answer": _drop(f"{ACTIONS}.2.resource.resourceType")}, {"130"}),
    "create without resource": ({"answer": _drop(f"{ACTIONS}.0.resource")}, {"125", "131"}),
    "create of what is there": ({"answer": _first_action(2, type="create")}, {"131"}),
    "delete with a resource": ({"answer": _first_action(3, resource={"resourceType": "Condition"})}, {"133"}),
    "delete of nothing": ({"answer": _drop(f"{ACTIONS}.3.resourceId")}, {"134"}),
    "delete of an address": ({"answer": _first_action(3, resourceId="https://ehr.test/Condition/1")}, {"135"}),
    "link to a place": ({"answer": _put("links.0.url", "read")}, {"139"}),
    "link without type": ({"answer": _drop("links.0.type")}, {"141", "142"}),
    "link of another type": ({"answer": _put("links.1.type", "app")}, {"142", "146"}),
    "appContext of an object": ({"answer": _put("links.1.appContext", {"for": "model"})}, {"144"}),
    "appContext on an absolute link": ({"answer": _put("links.0.appContext", "model")}, {"146", "147"}),
    "500 for feedback": ({"lenient": "known card"}, {"148"}),
    "500 for feedback on an unknown card": ({"lenient": "unknown card"}, {"own@unknown-card"}),
    "changed tokens": ({"lenient": "changed"}, {"176"}),
    "no tokens needed": ({"lenient": "no token"}, {"177"}),
    "any issuer": ({"lenient": "any issuer"}, {"195"}),
    "any jku": ({"lenient": "any key"}, {"195"}),
    "no CORS": ({"lenient": "no cors"}, {"208"}),
    "CORS for anybody": ({"lenient": "any origin"}, {"208"}),
    "one service twice": ({"offer": lambda document: document["services"].append(document["services"][0])}, {"211"}),
    "extension of text": ({"answer": _put("extension", "model")}, {"214"}),
    "extension of a short name": ({"answer": _put("extension", {"weight": 1})}, {"215"}),
    "Coding without code": ({"answer": _drop("overrideReasons.0.code")}, {"216", "218"}),
    "Coding without system": ({"answer": _drop("source.topic.system")}, {"217"}),
    "display of a number": ({"answer": _put("source.topic.display", 7)}, {"220"}),
    "any hook": ({"lenient": "hook"}, {"own@hook"}),
    "no hookInstance needed": ({"lenient": "instance"}, {"own@hook-instance"}),
    "any patientId": ({"lenient": "patient id"}, {"own@patient-id"}),
    "token without server": ({"lenient": "token without server"}, {"own@token-without-server"}),
    "unknown members refused": ({"lenient": "no unknown members"}, {"own@unknown-members"}),
    "any service": ({"lenient": "unknown service"}, {"own@unknown-service"}),
}
