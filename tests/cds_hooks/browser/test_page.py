"""Does a record system's web page, of another origin, get cards and give feedback, with nothing of it held back?"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from joserfc.jwk import ECKey

from service.cds_hooks.names import DISCOVERY_PATH, HOOKS, SERVICE_PATH, SERVICE_ROUTE
from tests.api.serving import Served, serving
from tests.cds_hooks.browser.opening import FAR, ISSUER, KEY, NEAR, Opened, opened, page_server
from tests.server.local_server import LocalServer
from tests.server.sekmet import running
from tests.server.test_hooks import of_today
from tests.server.test_patient_check import example

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENT, RULE = "greta", "mood-worsening-near-relapse"
OUTCOMES = ("accepted", "overridden", "unknown", "superseded")
CARDS = ["Mood worsened around a relapse", "Safety check incomplete. Could not be read: questionnaire responses"]
# What any page may have a browser send without asking: no headers, and a body that could be a form's.
UNASKED = """async ([discovery, service]) => {
    const form = { mode: "no-cors", method: "POST", headers: { "Content-Type": "text/plain" }, body: "{}" };
    const answers = [await fetch(discovery, { mode: "no-cors" }), await fetch(service, form)];
    return answers.map((answer) => answer.type);
}"""


class Place(NamedTuple):
    """Where everything is: the port of the page, and the two servers that it talks to."""

    page: int
    service: Served
    fhir: LocalServer


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The service knows the page by one of its two addresses."""
    keys = tmp_path_factory.mktemp("client") / "keys.json"
    keys.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind((NEAR, 0))
        port = probe.getsockname()[1]
    with running(tmp_path_factory.mktemp("sekmet")) as fhir, page_server() as page:
        fhir.put(*of_today(example(PATIENT)))
        client = {"issuer": ISSUER, "key_file": str(keys), "origins": [f"http://{FAR}:{page}"]}
        clients, own_address = json.dumps({"record": client}), f"http://{NEAR}:{port}"
        with serving("--port", str(port), CDS_CLIENTS=clients, PUBLIC_URL=own_address) as service:
            yield Place(page, service, fhir)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("There is no Chromium here; `make tools` installs it where the user is root and apt-get has it.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program)
        yield started
        started.close()


def chart(browser: Browser, place: Place, host: str = FAR, **more: object) -> AbstractContextManager[Opened]:
    """The page with the patient's chart."""
    services = f"{place.service.url}{DISCOVERY_PATH}"
    told = {"services": services, "fhir": place.fhir.base, "patient": PATIENT, "hook": HOOKS[0], **more}
    return opened(browser, f"http://{host}:{place.page}", **told)  # type: ignore[arg-type]


def counted(service: Served, metric: str, **labels: str) -> float:
    """A counter's samples with these labels, added up."""
    text = httpx.get(f"{service.url}/metrics", trust_env=False).text
    lines = [line for line in text.splitlines() if line.startswith(f"{metric}_total{{")]
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return sum(float(line.rpartition(" ")[2]) for line in lines if all(one in line for one in wanted))


def feedback(place: Place) -> dict[str, float]:
    counting = partial(counted, place.service, "moodmarker_card_feedback")
    return {outcome: counting(outcome=outcome) for outcome in OUTCOMES}


def test_the_page_shows_the_cards(browser: Browser, place: Place) -> None:
    asking = {"metric": "moodmarker_requests", "method": "OPTIONS", "status": "200"}
    before = counted(place.service, **asking)
    with chart(browser, place) as shown:
        assert shown.complaints == []
        assert (shown.state, shown.calls) == ("2 cards", ["GET 200", "POST 200"])
        assert [text.split(":")[0] for text in shown.texts("#services")[0].split("; ")] == list(HOOKS)
        assert [text.partition(" (")[0] for text in shown.texts("article h2")] == CARDS
        assert "PHQ-9 14 on" in shown.texts("article p")[0]
        assert set(shown.texts("article cite")) == {"Moodmarker"}
    # For each of its two calls the browser has asked first whether it may.
    assert counted(place.service, **asking) == before + 2


def test_a_fhir_server_that_is_not_searched_by_post_is_as_good(browser: Browser, place: Place) -> None:
    def without_post(page: Page) -> None:
        refusal = {"status": 405, "headers": {"Access-Control-Allow-Origin": "*"}}
        page.route("**/_search", lambda route: route.fulfill(**refusal))

    with chart(browser, place, before=without_post) as shown:
        assert [text.partition(" (")[0] for text in shown.texts("article h2")] == CARDS


@pytest.mark.parametrize(("label", "outcome"), [("Record this flag", "accepted"), ("Not now", "overridden")])
def test_what_became_of_a_card_is_counted(browser: Browser, place: Place, label: str, outcome: str) -> None:
    before = feedback(place)
    of_rule = partial(counted, place.service, "moodmarker_card_feedback", rule=RULE, outcome=outcome)
    count = of_rule()
    with chart(browser, place) as shown:
        shown.press(label)
        assert (shown.complaints, shown.calls[2:]) == ([], ["POST 200"])
    assert feedback(place) == {**before, outcome: before[outcome] + 1}
    assert of_rule() == count + 1


def test_a_refusal_can_be_read_by_the_page(browser: Browser, place: Place) -> None:
    with chart(browser, place, patient="nobody") as shown:
        assert shown.state.startswith("412 The Patient could not be had: it was not sent, and ")
        assert shown.calls == ["GET 200", "POST 412 named"]


def test_a_wrong_key_is_a_401_that_the_page_can_read(browser: Browser, place: Place) -> None:
    other = ECKey.generate_key("P-384", parameters={"kid": KEY.kid or ""})
    with chart(browser, place, key=other.as_dict(private=True)) as shown:
        assert (shown.state, shown.calls) == ("401", ["GET 401 named"])
        assert shown.texts("article") == []


def test_a_page_that_is_not_listed_gets_nothing(browser: Browser, place: Place) -> None:
    discovered = partial(counted, place.service, "moodmarker_requests", route=DISCOVERY_PATH, method="GET")
    before = discovered()
    with chart(browser, place, host=NEAR) as shown:
        assert shown.calls == ["nothing could be read: TypeError"]
        assert shown.texts("article") == []
        assert any("blocked by CORS policy" in complaint for complaint in shown.complaints)
    assert discovered() == before


@pytest.mark.parametrize("host", [NEAR, FAR])
def test_a_page_is_nobody_of_this_machine_though_its_browser_is(browser: Browser, place: Place, host: str) -> None:
    """Where no clients are named, callers on this machine are answered, and a browser sends from here for any page."""
    with serving() as open_one, chart(browser, place, host=host) as shown:
        addresses = [f"{open_one.url}{path}" for path in (DISCOVERY_PATH, SERVICE_PATH)]
        assert shown.page.evaluate(UNASKED, addresses) == ["opaque", "opaque"]
        for route in (DISCOVERY_PATH, SERVICE_ROUTE):
            count = partial(counted, open_one, "moodmarker_requests", route=route)
            assert (count(status="401"), count()) == (1, 1)
