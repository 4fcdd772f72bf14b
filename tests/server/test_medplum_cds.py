"""Does the CDS Hooks client of Medplum get cards, with the prefetch that it resolves on a FHIR server of its own?"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import IO, Any
from uuid import uuid4

import pytest

from service.cds_hooks.names import DISCOVERY_PATH, HOOKS, SERVICE_PATH
from service.cli.local_patients import PATIENTS, load
from tests.api.serving import Served, serving
from tests.server.in_a_thread import in_a_thread
from tests.server.local_server import LocalServer
from tests.server.medplum_server import FOLDER, running
from tests.server.sekmet import PATIENCE

pytestmark = pytest.mark.node

Json = dict[str, Any]
PATIENT = PATIENTS[0].patient
RULE = "mood-worsening-near-relapse"
# It has no such token, as it has none of `today()` and others that services ask for.
BEYOND_IT = "Observation?patient={{context.patientId}}&date=ge{{today()}}"


@pytest.fixture(scope="module")
def medplum() -> Iterator[LocalServer]:
    with running() as server:
        load(server.client, server.base, datetime.now(UTC).date())
        yield server


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running_service:
        yield running_service


@contextmanager
def client(served: Served, medplum: LocalServer, **asked: Any) -> Iterator[IO[str]]:
    """The client's program, to read its lines from."""
    told = {"fhir": f"{medplum.base}/", "services": f"{served.url}{DISCOVERY_PATH}", "patient": PATIENT, **asked}
    command = ["node", str(FOLDER / "cds-client.cjs")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(told))
        process.stdin.close()
        try:
            yield process.stdout
        finally:
            process.wait(PATIENCE)
    assert process.returncode == 0


def told(served: Served, medplum: LocalServer, **asked: Any) -> tuple[list[Json], list[Json]]:
    """The calls of the service, and what each hook came to."""
    with client(served, medplum, **asked) as lines:
        read = [json.loads(line) for line in lines]
    return [one for one in read if one.get("method") == "POST"], [one for one in read if "called" in one]


def topics(answer: Json) -> list[str]:
    assert "refused" not in answer, answer
    return [card["source"]["topic"]["code"] for card in answer["cards"]]


def test_every_hook_is_answered_from_the_prefetch_that_the_client_resolved(
    served: Served, medplum: LocalServer
) -> None:
    posts, answers = told(served, medplum)
    assert [one["called"] for one in answers] == list(HOOKS)
    assert [topics(one) for one in answers] == [[RULE]] * len(HOOKS)
    assert all(post["prefetch"]["patient"]["id"] == PATIENT for post in posts)
    assert {value["type"] for post in posts for key, value in post["prefetch"].items() if key != "patient"} == {
        "searchset"
    }


def test_its_wish_for_fhir_is_no_reason_not_to_send_cards(served: Served, medplum: LocalServer) -> None:
    posts, _ = told(served, medplum, hook=HOOKS[0])
    assert [(one["accept"], one["status"], one["type"]) for one in posts] == [
        ("application/fhir+json, */*; q=0.1", 200, "application/json")
    ]


def test_null_for_what_it_cannot_resolve_is_taken_as_the_specification_has_it(
    served: Served, medplum: LocalServer
) -> None:
    cannot = {"crp": BEYOND_IT, "immunizations": BEYOND_IT}
    posts, answers = told(served, medplum, hook=HOOKS[0], templates=cannot)
    assert [posts[0]["prefetch"][key] for key in cannot] == [None, None]
    assert topics(answers[0]) == [RULE]


def test_null_for_the_patient_is_refused_in_words_and_not_tried_again(served: Served, medplum: LocalServer) -> None:
    posts, answers = told(served, medplum, hook=HOOKS[0], templates={"patient": BEYOND_IT})
    assert posts[0]["prefetch"]["patient"] is None
    assert [one["status"] for one in posts] == [412]
    assert answers[0]["refused"].startswith("The Patient could not be had: the client says that there is none.")


def test_the_data_of_somebody_else_are_refused_in_words(served: Served, medplum: LocalServer) -> None:
    posts, answers = told(served, medplum, hook=HOOKS[0], context={"patientId": PATIENTS[1].patient})
    assert [one["status"] for one in posts] == [400]
    assert "another patient than context.patientId" in answers[0]["refused"]
    assert answers[0]["outcome"]["issue"][0]["expression"] == ["prefetch.patient"]


class _Silent(BaseHTTPRequestHandler):
    """A FHIR server that answers nobody until it is told to, and then that it has nothing."""

    told: Event

    def handle(self) -> None:
        self.told.wait(PATIENCE)
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        self.send_error(404)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def silent(told: Event) -> Iterator[str]:
    """Its base address."""
    with in_a_thread(type("Answering", (_Silent,), {"told": told})) as port:
        try:
            yield f"http://127.0.0.1:{port}/fhir"
        finally:
            told.set()


def test_a_call_that_found_the_service_full_is_answered_when_it_is_repeated(medplum: LocalServer) -> None:
    site = {"CONCURRENCY_LIMIT": "1", "QUEUE_LIMIT": "0", "CDS_SECONDS": "30"}
    freed = Event()
    with (
        silent(freed) as base,
        serving(**site, SERVERS=json.dumps({"silent": {"url": base}})) as full,
        full.connect() as another,
    ):
        # Somebody whose FHIR server does not answer holds the only place until this client was turned away once.
        call = {"hook": HOOKS[0], "hookInstance": str(uuid4()), "fhirServer": base}
        sent = json.dumps(call | {"context": {"userId": "Practitioner/1", "patientId": "p"}})
        head = f"POST {SERVICE_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{full.port}\r\nContent-Type: application/json\r\n"
        another.sendall(f"{head}Content-Length: {len(sent)}\r\n\r\n{sent}".encode())
        posts: list[Json] = []
        with client(full, medplum, hook=HOOKS[0]) as lines:
            for answer in map(json.loads, lines):
                if answer.get("method") == "POST":
                    posts.append(answer)
                    freed.set()
    assert [posts[0]["status"], posts[-1]["status"]] == [503, 200]
    assert posts[0]["instance"] == posts[-1]["instance"]
    assert topics(answer) == [RULE]


def test_a_repeat_of_a_call_whose_answer_was_lost_shows_the_same_cards(medplum: LocalServer, tmp_path: Path) -> None:
    """Nothing says that the user has seen them, though this service remembers what it showed."""
    asked: Json = {"hook": HOOKS[0], "templates": {"flags": None}}
    with serving(SERVICE_KEY="k" * 32, STORE=f"sqlite:///{tmp_path / 'store.sqlite'}") as one_that_remembers:
        posts, answers = told(one_that_remembers, medplum, losing=2, **asked)
        _, later = told(one_that_remembers, medplum, **asked)
    assert [one["status"] for one in posts] == [200, 200, 200]
    assert len({one["instance"] for one in posts}) == 1
    shown = [[_as_shown(card) for card in cards] for cards in (*(one["cards"] for one in posts), answers[0]["cards"])]
    assert all(cards == shown[0] for cards in shown)
    assert RULE in topics(answers[0])
    assert RULE not in topics(later[0])


def _as_shown(card: Json) -> Json:
    """The card without the resources of its suggestions, which say when they were made."""
    labels = [(one["uuid"], one["label"]) for one in card.get("suggestions", ())]
    return card | {"suggestions": labels}
