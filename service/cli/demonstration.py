"""`moodmarker demo`: the service started for real, asked over HTTP about made-up patients, and ended."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.text import Text

from service.api.documentation import CHECK_PATH
from service.cli.contracts import contracts_folder
from service.cli.pretty import show_flags
from service.cli.starting import own_command, own_environment, started
from service.cli.timeline import brief

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = dict[str, Any]
HOST = "127.0.0.1"
PATIENCE_SECONDS = 30.0
DAYS = 6
# One of each kind of answer: an event, a pattern, an emergency, a confounder, broken data, and "cannot tell".
PATIENTS = (
    "relapse-with-worse-mood",
    "low-mood-with-low-grade-crp",
    "new-psychosis-with-seizure",
    "pneumonia-with-high-crp",
    "item-nine-positive-beside-broken-entries",
    "crp-below-detection-limit",
)
_STORY_ENDS = "The answer must"
_NEXT = (
    "moodmarker check FILE --pretty    the same for data of your own",
    "moodmarker rules [NAME]           every rule, with its evidence and limits",
    "moodmarker serve                  then open http://127.0.0.1:8080/docs",
    "contracts/examples                all made-up patients, with request and response",
)


class DemonstrationFailed(Exception):
    """The service did not answer as it should."""


def demonstrate() -> None:
    """Prints what the service says of each made-up patient."""
    examples = contracts_folder() / "examples"
    out = Console(highlight=False, markup=False, emoji=False)
    with _service() as port:
        out.print(f"The service runs on http://{HOST}:{port}. Each patient below is made up.")
        for name in PATIENTS:
            _present(out, port, examples / name / "request.json")
    out.print()
    out.print(Line())
    out.print("Where to look next:")
    for line in _NEXT:
        out.print(f"  {line}")


def _present(out: Console, port: int, request: Path) -> None:
    body = request.read_bytes()
    answer, urgent = _post(port, body)
    title, story = _story(request.with_name("README.md"))
    out.print()
    out.print(Line(Text(title, style="bold"), align="left"))
    out.print(story)
    _tell_data(out, json.loads(body)["parameter"])
    _tell_answer(out, [entry["resource"] for entry in answer["entry"]], urgent=urgent)


def _tell_answer(out: Console, resources: list[Json], *, urgent: bool) -> None:
    flags = [one for one in resources if one["resourceType"] == "Flag"]
    show_flags(out, flags)
    undecided = [issue for issue in resources[-1]["issue"] if issue["code"] == "incomplete"]
    told = [f"Activities in the suggested plan: {len(one['activity'])}" for one in resources if "activity" in one]
    told += [f"Rules that could not be decided on these data: {len(undecided)}"] if undecided else []
    told += [f"Why: moodmarker rules {flag['code']['coding'][0]['code']}" for flag in flags]
    told += ["The answer carried the header Moodmarker-Urgent: true"] if urgent else []
    out.print()
    for line in dict.fromkeys(told):
        out.print(Padding(Text(line), (0, 0, 0, 4)))


def _story(readme: Path) -> tuple[str, str]:
    """The patient's title and story, without what is demanded of the answer."""
    title, _, story = readme.read_text(encoding="utf-8").partition("\n")
    return title.lstrip("# "), " ".join(story.split(_STORY_ENDS)[0].split())


def _tell_data(out: Console, parameters: list[Json]) -> None:
    as_of = next(one["valueDateTime"] for one in parameters if one["name"] == "asOf")
    data = next(one["resource"] for one in parameters if one["name"] == "data")
    out.print()
    out.print(f"The data, as of {as_of}:")
    for line in brief(data, DAYS):
        out.print(Padding(Text(line), (0, 0, 0, 2)))


def _post(port: int, body: bytes) -> tuple[Json, bool]:
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("POST", CHECK_PATH, body, {"Content-Type": "application/fhir+json"})
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise DemonstrationFailed(f"the service answered {response.status}")
    return answer, response.getheader("Moodmarker-Urgent") == "true"


@contextmanager
def _service() -> Iterator[int]:
    """The service as `moodmarker serve` runs it, on a free port of this machine, with default settings."""
    port = _free_port()
    command = own_command("serve", "--host", HOST, "--port", str(port))
    with started(command, own_environment(LOG_LEVEL="warning"), f"http://{HOST}:{port}/health/ready"):
        yield port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
