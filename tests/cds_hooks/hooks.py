"""Calling hooks without a server: requests of made-up patients, and what the cards say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

from service.assessment import Context
from service.cds_hooks.answering import HookService
from service.cds_hooks.composing import HookAnswer
from service.cds_hooks.repeats import Guard
from service.security.cds_clients import Caller
from service.settings import CdsClient, Settings, load_settings
from tests.architecture.tree import ROOT
from tests.cds_hooks.blackbox.patient import Json, answer_to, fill

T = TypeVar("T")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = b"k" * 32
PATIENT = "ada"
EXAMPLES = ROOT / "contracts" / "examples"
NOBODY = Caller("", None)
UCUM = "http://unitsofmeasure.org"


@cache
def context() -> Context:
    return Context.load(Settings.model_construct())


class Site:
    """The service of a site with these settings."""

    def __init__(self, **settings: Any) -> None:
        self.service = HookService(load_settings(**settings), context(), Guard(KEY, None), KEY)

    def answer(self, body: Json | bytes, now: datetime = NOW, caller: Caller = NOBODY) -> Answer:
        """The answer to one call; raises `Problem` where the service refuses it."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if caller.client is not None:
            clients = {caller.name: caller.client}
            self.service._settings = self.service._settings.model_copy(update={"cds_clients": clients})

        async def run() -> HookAnswer:
            try:
                return await self.service.answer(raw, caller, now, _at_once)
            finally:
                await self.service.close()
                self.service._clients.clear()

        return Answer(asyncio.run(run()))


async def _at_once(work: Callable[[], T], /) -> T:
    return work()


class Answer:
    """An answer as a test asks about it."""

    def __init__(self, answer: HookAnswer) -> None:
        self.told = answer
        self.document: Json = json.loads(answer.body)
        self.cards: list[Json] = self.document["cards"]

    @property
    def names(self) -> list[str]:
        """What each card is counted as: the rule's name, or what it is about."""
        return [name for name, _ in self.told.cards]

    @property
    def indicators(self) -> list[str]:
        return [card["indicator"] for card in self.cards]

    def card(self, name: str) -> Json:
        (found,) = (card for card, one in zip(self.cards, self.names, strict=True) if one == name)
        return found

    def actions(self, *path: int) -> list[Json]:
        """The actions of a suggestion: `card, suggestion`."""
        card, suggestion = path
        found: list[Json] = self.cards[card]["suggestions"][suggestion]["actions"]
        return found


@cache
def site(**settings: Any) -> Site:
    """A site with these settings, kept for the next test."""
    return Site(**settings)


def acting(**more: Any) -> Caller:
    """A client that takes system actions."""
    return Caller("ehr", CdsClient(issuer="https://ehr.example", key_urls=(), system_actions=True, **more))


def searchset(resources: Iterable[Json], **more: Any) -> Json:
    """What a search gives."""
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", **({"entry": entries} if entries else {}), **more}


def prefetch_of(resources: list[Json], patient: str = PATIENT) -> Json:
    """What a client sends of these resources for our templates."""
    tokens = {"context.patientId": patient}
    return {one.key: answer_to(fill(one.query, tokens), resources) for one in site().service.templates}


def body(prefetch: Json | None, hook: str = "patient-view", patient: str = PATIENT, **more: Any) -> Json:
    """A request; `context` in `more` is added to the context."""
    context = {"userId": "Practitioner/p", "patientId": patient, **more.pop("context", {})}
    found = {"hook": hook, "hookInstance": str(uuid4()), "context": context, **more}
    return found if prefetch is None else {**found, "prefetch": prefetch}


def call(*resources: Json, **settings: Any) -> Answer:
    """The answer about a patient with these resources, all of them sent."""
    return site(**settings).answer(body(prefetch_of([person(), *resources])))


def day(before: int) -> str:
    return (NOW - timedelta(days=before)).date().isoformat()


def person(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": PATIENT, "gender": "female", "birthDate": "1984-03-05", **more}


def concept(system: str, code: str, text: str = "") -> Json:
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}


def observation(name: str, code: str, before: int, value: float, **more: Any) -> Json:
    """A result by its LOINC code."""
    unit = {"unit": "mg/L", "system": UCUM, "code": "mg/L"} if code == CRP else {}
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": concept("http://loinc.org", code),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": day(before),
        "valueQuantity": {"value": value, **unit},
        **more,
    }


PHQ, ITEM_9, CRP = "44261-6", "44260-8", "1988-5"


def low_mood() -> list[Json]:
    """PHQ-9 6 and then 16, with CRP slightly raised: one finding of low priority."""
    return [
        observation("phq-before", PHQ, 70, 6),
        observation("phq-now", PHQ, 10, 16),
        observation("crp", CRP, 8, 6.4),
    ]


def thoughts() -> Json:
    """The ninth question of the PHQ-9, answered: a finding of high priority."""
    return observation("item-9", ITEM_9, 10, 2)


class Example(NamedTuple):
    """A named patient, as a client would send the whole of it."""

    name: str
    patient: str
    now: datetime
    resources: list[Json]

    @property
    def body(self) -> Json:
        return body(prefetch_of(self.resources, self.patient), patient=self.patient)

    @property
    def flags(self) -> list[Json]:
        """The Flags that the operation answers the same patient with."""
        response = json.loads((EXAMPLES / self.name / "response.json").read_text(encoding="utf-8"))
        return [one for one in _resources(response) if one["resourceType"] == "Flag"]

    def entry(self, kind: str) -> Json:
        return next(one for one in self.resources if one["resourceType"] == kind)


@cache
def examples() -> dict[str, Example]:
    """The named patients that a client can send: whole, with a Patient that has an id, and asked about as usual."""
    return {one.name: one for folder in sorted(EXAMPLES.iterdir()) for one in _example(folder.name)}


def _example(name: str) -> list[Example]:
    file = EXAMPLES / name / "request.json"
    if not file.is_file():
        return []
    request = json.loads(file.read_text(encoding="utf-8"))
    given = {one["name"]: one for one in request.get("parameter", [])}
    if not set(given) <= {"asOf", "data", "as", "explain"} or "data" not in given:
        return []
    bundle = given["data"]["resource"]
    resources = list(_resources(bundle))
    persons = [one["id"] for one in resources if one["resourceType"] == "Patient" and "id" in one]
    is_whole = all("id" in one for one in resources) and "next" not in json.dumps(bundle.get("link", ""))
    if len(persons) != 1 or not is_whole:
        return []
    (moment,) = (value for key, value in given["asOf"].items() if key != "name")
    now = datetime.fromisoformat(moment if "T" in moment else f"{moment}T12:00:00+00:00")
    return [Example(name, persons[0], now, resources)]


def _resources(value: Any) -> Iterable[Json]:
    """The resources of a Bundle, those of Bundles in it included."""
    if isinstance(value, dict) and value.get("resourceType") in ("Bundle", "Parameters"):
        for part in (*value.get("entry", ()), *value.get("parameter", ())):
            yield from _resources(part.get("resource") if isinstance(part, dict) else None)
    elif isinstance(value, dict) and "resourceType" in value:
        yield value
