"""Is the answer about each named patient the same over HTTP, on the command line and in process?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from service.api.application import create_app
from service.api.errors import STATUS
from service.errors import Problem
from service.settings import Settings
from tests.api import asking
from tests.cli.calling import call
from tests.contract.answers import NOTHING, check, context
from tests.contract.examples import EXAMPLES, NAMES, body_of, is_refused, parameters_of
from tests.contract.expected import DEMANDS, REFUSED

if TYPE_CHECKING:
    from service.api.edge import Edge

# Not traced: the edges have tests of their own, and this asks them about every patient.
pytestmark = pytest.mark.no_cover

each_example = pytest.mark.parametrize("name", NAMES)
NOT_EVALUATED = 3


@pytest.fixture(scope="module")
def app() -> Edge:
    return create_app(Settings.model_construct(), context())


@each_example
def test_http_gives_the_answer_and_its_status(name: str, app: Edge) -> None:
    answered = asking.check(app, body_of(name))
    if is_refused(name):
        with pytest.raises(Problem) as refused:
            check(body_of(name))
        assert answered.status_code == STATUS[type(refused.value)]
        assert answered.json() == json.loads((EXAMPLES / name / "response.json").read_bytes())
    else:
        assert answered.status_code == 200
        assert answered.content == check(body_of(name)).body
        assert (answered.headers.get("moodmarker-urgent") == "true") == DEMANDS[name].urgent


@pytest.mark.parametrize("name", sorted(DEMANDS))
def test_a_bare_bundle_with_its_parameters_in_the_query_is_the_same_request(name: str, app: Edge) -> None:
    data, sent = parameters_of(name)
    query = "&".join(f"{key}={quote(one)}" for key, values in sent.items() for one in values)
    answered = asking.check(app, json.dumps(data).encode(), f"?{query}")
    assert answered.json() == json.loads(check(body_of(name)).body)


@each_example
def test_the_command_line_prints_the_answer(name: str) -> None:
    called = call("check", str(EXAMPLES / name / "request.json"))
    if name in REFUSED:
        assert called.code == NOT_EVALUATED
        assert called.out == ""
        assert REFUSED[name][1] in called.err
    else:
        assert called.code == 0
        assert called.err == ""
        assert called.out.encode() == check(body_of(name), NOTHING).body + b"\n"
