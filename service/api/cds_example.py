"""The examples of CDS Hooks in the OpenAPI document: the made-up patient of the check, whose chart is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from service.api.example import example_request
from service.cds_hooks.answering import HookService
from service.cds_hooks.discovery import discovery
from service.cds_hooks.names import HOOKS
from service.cds_hooks.repeats import Guard
from service.cds_hooks.templates import OTHER_KEY, PATIENT_KEY

if TYPE_CHECKING:
    from service.assessment import Context
    from service.settings import Settings

Json = dict[str, Any]

_KEY: Final = b"of the example"
_NOW: Final = datetime(2026, 6, 30, 12, tzinfo=UTC)
_INSTANCE: Final = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


class CdsExample:
    """One call of a hook, what the service says to it, and what the client tells of it afterwards."""

    def __init__(self, settings: Settings, context: Context) -> None:
        """The answer is a real one."""
        self._service = HookService(settings, context, Guard(_KEY, None), _KEY)
        self.discovery: Json = discovery(self._service.templates, remembers=True, tells_version=False)
        self.request = self._request(context)
        answer = self._service.answer_sent(msgspec.json.encode(self.request), _NOW)
        self.answer: Json = msgspec.json.decode(answer.body)
        self.feedback = self._feedback()

    def _request(self, context: Context) -> Json:
        """Of every key what a search found; nothing but the scores and the result of the example."""
        _, data = example_request(context)["parameter"]
        person, *observations = [entry["resource"] for entry in data["resource"]["entry"]]
        found = {OTHER_KEY: observations}
        prefetch = {template.key: _searchset(found.get(template.key, [])) for template in self._service.templates}
        return {
            "hook": HOOKS[0],
            "hookInstance": _INSTANCE,
            "context": {"userId": "Practitioner/example", "patientId": person["id"]},
            "prefetch": {**prefetch, PATIENT_KEY: person},
        }

    def _feedback(self) -> Json:
        card = self.answer["cards"][0]
        item = {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": "2026-06-30T12:00:30Z"}
        return {"feedback": [{**item, "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}]}


def _searchset(resources: list[Json]) -> Json:
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    return bundle | ({"entry": [{"resource": one} for one in resources]} if resources else {})
