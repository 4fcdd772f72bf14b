"""A record system's web page, opened in a browser: where it lies, what it is told to do, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from joserfc.jwk import ECKey

from tests.server.in_a_thread import in_a_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ISSUER = "https://record.example"
# As some record systems make them.
KEY = ECKey.generate_key("P-384", parameters={"kid": "a+b/c=="})
# To a browser the host of the service, and another one.
NEAR, FAR = "127.0.0.1", "localhost"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def page_server() -> Iterator[int]:
    """The page, on a port of its own that both hosts have."""
    with in_a_thread(partial(_Quiet, directory=str(Path(__file__).parent))) as port:
        yield port


class Opened(NamedTuple):
    """A page, and what the browser complained of."""

    page: Page
    complaints: list[str]

    def texts(self, selector: str) -> list[str]:
        """What stands in these elements."""
        return [str(text) for text in self.page.locator(selector).all_inner_texts()]

    @property
    def state(self) -> str:
        """How far it has come, or why no further."""
        return str(self.page.locator("#state").inner_text()).strip()

    @property
    def calls(self) -> list[str]:
        """What it could read of its calls of the service."""
        return self.texts("#calls li")

    def press(self, label: str) -> None:
        """Presses a button of the first card, and waits until the service has been told."""
        card = self.page.locator("article").first
        card.get_by_role("button", name=label, exact=True).click()
        card.get_by_role("button", name=f"{label}: told", exact=True).wait_for()


@contextmanager
def opened(
    browser: Browser, address: str, before: Callable[[Page], object] = lambda page: None, **asked: Any
) -> Iterator[Opened]:
    """The page at an address, once it shows what there is to show; `before` is done with it while it is empty."""
    complaints: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"{request.method} {request.url}"))
    before(page)
    told = {"issuer": ISSUER, "key": KEY.as_dict(private=True), **asked}
    page.goto(f"{address}/#{quote(json.dumps(told))}")
    page.wait_for_function("document.getElementById('state').innerText !== 'opening'")
    yield Opened(page, complaints)
    page.close()
