"""Does a notification that names a host have anything asked of that host?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from starlette.responses import Response

from service.assessment import Context
from service.errors import Problem
from tests.fhir.client.test_faults import statement
from tests.in_a_thread import in_a_thread
from tests.security.test_outbound import FHIR, Recorder
from tests.subscriptions.notices import event, notification, observation
from tests.subscriptions.parts import Parts, with_parts


@pytest.fixture(scope="module")
def other() -> Iterator[Recorder]:
    """A server that nobody has configured; it is there, and would answer."""
    with in_a_thread(Recorder) as one:
        yield one


@pytest.fixture(scope="module")
def main() -> Iterator[Recorder]:
    with in_a_thread(Recorder) as one:
        one.answers["/fhir/metadata"] = Response(statement("Condition", "Observation"), media_type=FHIR)
        one.answers["/fhir/Patient/ada"] = Response(b'{"resourceType":"Patient","id":"ada"}', media_type=FHIR)
        yield one


def test_a_notification_sends_nobody_to_the_host_that_it_names(
    database: str, context: Context, main: Recorder, other: Recorder
) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        elsewhere = f"{other.base}/Observation/1"
        for sent in (
            notification("event-notification", event(1, elsewhere), counter=1),
            notification("event-notification", event(2, elsewhere, f"{other.base}/Patient/ada"), counter=2),
            notification(
                "event-notification", event(3), counter=3, resources=(observation("1", f"{other.base}/Patient/ada"),)
            ),
            notification("event-notification", event(5, "http://169.254.169.254/fhir/Observation/1"), counter=5),
        ):
            await parts.receiver.notified(name, sent)
        plain = await parts.subscribed(topic="")
        await parts.receiver.notified(plain, json.dumps(observation("1", f"{other.base}/Patient/ada")).encode())
        # What is missing between the numbers is asked for, and whoever waits is assessed.
        await parts.watch.look()
        while (work := await parts.store.take_work("test", 60)) is not None:
            assert work.server == "main"
            # What becomes of them is told elsewhere.
            with suppress(Problem):
                await parts.assess(work)
            await parts.store.finish_work(work, "test")

    with_parts(database, context, test, url=main.base)
    assert main.asked
    assert not other.asked
