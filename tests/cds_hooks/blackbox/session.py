"""One look at a CDS service from outside: what it offers, how it is called, and what it answered."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from tests.cds_hooks.blackbox.judging import Failed, NotApplicable
from tests.cds_hooks.blackbox.patient import (
    ENCOUNTER,
    PRACTITIONER,
    Json,
    answer_to,
    fill,
    is_read,
    made_up_patient,
)
from tests.cds_hooks.blackbox.tokens import Tokens

DISCOVERY = "/cds-services"
_PATIENT_HOOKS = ("patient-view", "encounter-start", "encounter-discharge", "order-select", "order-sign")
_DRAFT: Json = {
    "resourceType": "ServiceRequest",
    "id": "bb-draft",
    "status": "draft",
    "intent": "order",
    "code": {"coding": [{"system": "http://loinc.org", "code": "1988-5"}]},
}


class Call(NamedTuple):
    """One call of a hook: of which service, what was sent, and what came back."""

    service: Json
    sent: Json
    response: httpx.Response

    @property
    def name(self) -> str:
        """How faults name it."""
        return f"{self.service.get('id')} ({self.service.get('hook')})"


class Session:
    """Asks a service at a base address; everything it is asked for more than once is kept.

    `tokens` sign calls, `origin` is a web page's that may call, `agreed_actions`: the service may send systemActions.
    """

    def __init__(
        self,
        base_url: str,
        client: httpx.Client,
        *,
        tokens: Tokens | None = None,
        service: str = "",
        origin: str = "",
        agreed_actions: bool = False,
        resources: list[Json] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.client = client
        self.tokens = tokens
        self.wanted = service
        self.origin = origin
        self.agreed_actions = agreed_actions
        self.resources = resources or made_up_patient()
        self.patient: str = next(one["id"] for one in self.resources if one["resourceType"] == "Patient")
        self.responses: list[httpx.Response] = []

    def send(self, method: str, path: str, *, authorization: str | None = None, **more: Any) -> httpx.Response:
        """One request and its response; `authorization` None is a good token where there are tokens, "" is none."""
        url = self.base_url + path
        headers = httpx.Headers(more.pop("headers", None))
        if authorization is None and self.tokens is not None:
            authorization = f"Bearer {self.tokens.token(url)}"
        if authorization:
            headers["Authorization"] = authorization
        response = self.client.request(method, url, headers=headers, **more)
        self.responses.append(response)
        return response

    @cached_property
    def discovery(self) -> httpx.Response:
        """The answer to the discovery."""
        return self.send("GET", DISCOVERY)

    @cached_property
    def documents(self) -> list[tuple[str, Json]]:
        """The discovery and the answers, with what they are called; the discovery only where it can be read."""
        found = [(call.name, answer) for call, answer in self.answers]
        return found if _offered(self.discovery) is None else [("discovery", document_of(self.discovery)), *found]

    @cached_property
    def services(self) -> list[Json]:
        """The services that are looked at."""
        offered = _offered(self.discovery)
        if offered is None:
            raise NotApplicable("the discovery cannot be read")
        services = [one for one in offered if self.wanted in ("", one.get("id"))]
        if not services:
            raise NotApplicable("the discovery lists no such service")
        return services

    @property
    def service(self) -> Json:
        """The service that faulty calls are sent to: the first whose hook we can call."""
        return self._callable[0]

    @cached_property
    def _callable(self) -> list[Json]:
        found = [one for one in self.services if one.get("hook") in _PATIENT_HOOKS and isinstance(one.get("id"), str)]
        if not found:
            raise NotApplicable(f"no service has a hook that is called here: {', '.join(_PATIENT_HOOKS)}")
        return found

    def templates(self, service: Json) -> dict[str, str]:
        """The prefetch templates of a service."""
        prefetch = service.get("prefetch")
        return prefetch if isinstance(prefetch, dict) else {}

    @cached_property
    def all_templates(self) -> list[tuple[str, str]]:
        """(key, template) of the services that are looked at; not applicable where there is none."""
        found = [(key, text) for one in self.services for key, text in self.templates(one).items()]
        if not found:
            raise NotApplicable("no service asks for prefetch")
        return list(dict.fromkeys(found))

    def prefetch(self, service: Json, resources: list[Json] | None = None) -> Json:
        """What a client sends for the templates."""
        patients = self.resources if resources is None else resources
        return {key: answer_to(self._query(text), patients) for key, text in self.templates(service).items()}

    def no_data(self, service: Json) -> Json:
        """The prefetch of a patient of whom nothing is recorded."""
        person = [one for one in self.resources if one["resourceType"] == "Patient"]
        queries = {key: self._query(text) for key, text in self.templates(service).items()}
        return {key: answer_to(query, person) if is_read(query) else None for key, query in queries.items()}

    def is_read(self, service: Json, key: str) -> bool:
        """Whether the template of a key asks for one resource."""
        return is_read(self._query(self.templates(service)[key]))

    def _query(self, template: str) -> str:
        return fill(
            template,
            {
                "context.patientId": self.patient,
                "context.encounterId": ENCOUNTER,
                "context.userId": f"Practitioner/{PRACTITIONER}",
                "userPractitionerId": PRACTITIONER,
            },
        )

    def body(self, service: Json, prefetch: Json | None) -> Json:
        """A good request for the hook of a service."""
        context: Json = {"userId": f"Practitioner/{PRACTITIONER}", "patientId": self.patient, "encounterId": ENCOUNTER}
        if service["hook"] in ("order-select", "order-sign"):
            draft = _DRAFT | {"subject": {"reference": f"Patient/{self.patient}"}}
            context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
            if service["hook"] == "order-select":
                context["selections"] = [f"ServiceRequest/{draft['id']}"]
        body = {"hook": service["hook"], "hookInstance": str(uuid4()), "context": context}
        return body if prefetch is None else body | {"prefetch": prefetch}

    def call(self, service: Json, body: Any, **more: Any) -> httpx.Response:
        """One call; `body` is sent as JSON, or as it is where it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        return self.send("POST", f"{DISCOVERY}/{service['id']}", content=content, headers=headers, **more)

    def called(self, service: Json, prefetch: Json | None) -> Call:
        """One good call."""
        body = self.body(service, prefetch)
        return Call(service, body, self.call(service, body))

    @cached_property
    def calls(self) -> list[Call]:
        """Every hook with all data of the patient, and with none."""
        found = []
        for service in self._callable:
            found.append(self.called(service, self.prefetch(service)))
            found.append(self.called(service, self.no_data(service)))
        return found

    @cached_property
    def answers(self) -> list[tuple[Call, Json]]:
        """The calls that succeeded, with their answers."""
        return [(call, document_of(call.response)) for call in self.calls if call.response.status_code == 200]

    @cached_property
    def cards(self) -> list[tuple[str, Json]]:
        """Every card with where it stands; not applicable where no call was answered with one."""
        found = [
            (f"{call.name} cards[{index}]", card)
            for call, answer in self.answers
            for index, card in enumerate(listed(answer, "cards"))
        ]
        if not found:
            raise NotApplicable(
                "no call was answered with a card; give data of a patient that the service has cards for"
            )
        return found


def _offered(discovery: httpx.Response) -> list[Json] | None:
    """The services of a discovery; None where it cannot be read, which is for one check to tell."""
    try:
        found = document_of(discovery).get("services")
    except Failed:
        return None
    is_list = discovery.is_success and isinstance(found, list) and all(isinstance(one, dict) for one in found)
    return found if is_list else None


def document_of(response: httpx.Response) -> Json:
    """The JSON object of a response."""
    try:
        document = response.json()
    except ValueError:
        raise Failed(
            f"{response.request.url.path} answered {response.status_code} with something that is no JSON"
        ) from None
    if not isinstance(document, dict):
        raise Failed(f"{response.request.url.path} did not answer with an object")
    return document


def listed(of: Json, name: str) -> list[Json]:
    """The objects of an array; none where it is absent or something else, which is another check's to tell."""
    value = of.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
