"""Are requests read as they should be over HTTP, and refused where they do not say what is asked about whom?"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from service.api.application import create_app
from service.cds_hooks.names import DISCOVERY_PATH, FEEDBACK_PATH, HOOKS, SERVICE_ID, SERVICE_PATH
from service.settings import load_settings
from tests.cds_hooks.blackbox.patient import OTHER_PATIENT, PATIENT, Json, made_up_patient
from tests.cds_hooks.blackbox.session import Session
from tests.cds_hooks.hooks import context, site
from tests.cds_hooks.in_process import asking

JSON = {"Content-Type": "application/json"}
NEVER = "ZQXMARKED"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with asking(create_app(load_settings(), context())) as asked:
        yield asked


@pytest.fixture(scope="module")
def session(client: httpx.Client) -> Session:
    return Session("http://127.0.0.1", client)


@pytest.fixture
def request_body(session: Session) -> Json:
    """A good request, of today."""
    return session.body(session.service, session.prefetch(session.service))


def post(client: httpx.Client, content: Any, path: str = SERVICE_PATH, **headers: str) -> httpx.Response:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.post(f"http://127.0.0.1{path}", content=raw, headers={**JSON, **headers})


_CREATED = re.compile(r'"created":"[^"]*"')


def same(client: httpx.Client, content: Any, request: Json, **headers: str) -> bool:
    """Whether a request is answered as another one is, but for the second in which a plan was drafted."""
    one, other = post(client, content, **headers), post(client, request)
    assert one.status_code == other.status_code == 200
    return _CREATED.sub("", one.text) == _CREATED.sub("", other.text)


def refused(response: httpx.Response, status: int = 400) -> Json:
    """The one issue of a refusal."""
    assert response.status_code == status, response.text
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    assert issue["severity"] == "error"
    return {"text": issue["details"]["text"], "expression": issue.get("expression", [""])[0]}


def with_context(request: Json, **changed: Any) -> Json:
    context_of = {key: value for key, value in (request["context"] | changed).items() if value is not Ellipsis}
    return {**request, "context": context_of}


def test_a_good_request_is_answered(client: httpx.Client, request_body: Json) -> None:
    response = post(client, request_body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert len(response.json()["cards"]) == 2


def test_there_is_one_service_under_each_hook(client: httpx.Client) -> None:
    services = client.get(f"http://127.0.0.1{DISCOVERY_PATH}").json()["services"]
    assert [one["hook"] for one in services] == list(HOOKS)
    assert {one["id"] for one in services} == {SERVICE_ID}
    assert len({json.dumps(one["prefetch"]) for one in services}) == 1
    # 3.0 alone has these.
    assert not [one for one in services if "version" in one or "hookVersion" in one]


def test_a_site_may_tell_the_version() -> None:
    with asking(create_app(load_settings(cds_version=True), context())) as client:
        services = client.get(f"http://127.0.0.1{DISCOVERY_PATH}").json()["services"]
    assert {one["version"] for one in services} == {"2.0.1"}


def test_no_template_has_a_date_or_function() -> None:
    """What 2.0 has no tokens for; the newest come first instead."""
    for template in site().service.templates:
        assert "today()" not in template.query
        if template.parameters:
            assert dict(template.parameters)["_sort"].startswith("-")
            assert dict(template.parameters)["_count"] == "200"


FORMS: dict[str, Any] = {
    "byte order mark": lambda raw: (b"\xef\xbb\xbf" + raw, {}),
    "gzip": lambda raw: (gzip.compress(raw), {"Content-Encoding": "gzip"}),
    "byte order mark in gzip": lambda raw: (gzip.compress(b"\xef\xbb\xbf" + raw), {"Content-Encoding": "gzip"}),
    "character set": lambda raw: (raw, {"Content-Type": "application/json; charset=utf-8"}),
    "FHIR's type": lambda raw: (raw, {"Content-Type": "application/fhir+json"}),
    "spaces around": lambda raw: (b"\n " + raw + b"\n", {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_body_may_come_in_other_forms(client: httpx.Client, request_body: Json, form: str) -> None:
    raw, headers = FORMS[form](json.dumps(request_body).encode())
    assert same(client, raw, request_body, **headers)


@pytest.mark.parametrize(
    ("raw", "headers", "status"),
    [
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "application/xml"}, 415),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 400),
        (b"\xff\xfe{}", {}, 400),
        (b'{"hook": "\xff"}', {}, 400),
        (b"", {}, 400),
        (b"[" * 100_000, {}, 400),
    ],
)
def test_what_is_no_json_is_refused(client: httpx.Client, raw: bytes, headers: dict[str, str], status: int) -> None:
    refused(post(client, raw, **headers), status)


def test_a_bomb_is_refused(client: httpx.Client) -> None:
    refused(post(client, gzip.compress(b" " * (8 << 20)), **{"Content-Encoding": "gzip"}), 413)


EXTENDED = {"com.example.vendor": {"nested": [{"any": None}]}}


def test_unknown_members_and_extensions_change_nothing(client: httpx.Client, request_body: Json) -> None:
    more = with_context(request_body, extension=EXTENDED, selections=["x"], vendor=None)
    more |= {"extension": EXTENDED, "vendorMember": [None, {}], "user": "legacy"}
    prefetch = more["prefetch"] | {"vendorKey": {"extension": EXTENDED}}
    assert same(client, {**more, "prefetch": prefetch}, request_body)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("hook", "order-sign"),
        ("hook", "Patient-View"),
        ("hook", None),
        ("hook", ["patient-view"]),
        ("hookInstance", None),
        ("hookInstance", "d1577c69dfbe44adba6d3e05e953b2ea"),
        ("hookInstance", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\n"),
        ("hookInstance", 7),
        ("context", []),
        ("prefetch", []),
        ("prefetch", "none"),
        ("fhirServer", 7),
        ("fhirAuthorization", "token"),
    ],
)
def test_a_member_that_is_not_right_is_named(client: httpx.Client, request_body: Json, member: str, value: Any) -> None:
    assert refused(post(client, request_body | {member: value}))["expression"] == member


def test_a_call_s_id_may_be_in_capitals(client: httpx.Client, request_body: Json) -> None:
    upper = request_body | {"hookInstance": request_body["hookInstance"].upper()}
    assert same(client, upper, request_body)


IDS = [
    "../Patient/x",
    "x/../../Group/all",
    "a?_id=b",
    "a&b",
    "a b",
    "ä",
    "x" * 65,
    "",
    ".\n",
    "a|b",
    "%2e",
    None,
    7,
    ["a"],
]


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("field", ["patientId", "encounterId"])
def test_what_is_no_id_gets_into_no_address(client: httpx.Client, request_body: Json, field: str, name: Any) -> None:
    if field == "encounterId" and name is None:
        # It is optional when a chart is opened.
        assert post(client, with_context(request_body, encounterId=None)).status_code == 200
    else:
        issue = refused(post(client, with_context(request_body, **{field: name})))
        assert issue["expression"] == f"context.{field}"
        assert not name or str(name) not in issue["text"]


@pytest.mark.parametrize("name", ["A", "1.2-3", "x" * 64])
def test_what_is_an_id_is_taken(client: httpx.Client, request_body: Json, name: str) -> None:
    renamed = json.loads(json.dumps(request_body).replace(PATIENT, name))
    assert post(client, with_context(renamed, encounterId=name)).status_code == 200


@pytest.mark.parametrize("user", ["Practitioner/a", "PractitionerRole/1", "Patient/p", "RelatedPerson/r"])
def test_a_user_is_of_one_of_four_types(client: httpx.Client, request_body: Json, user: str) -> None:
    assert post(client, with_context(request_body, userId=user)).status_code == 200


@pytest.mark.parametrize(
    "user", [..., None, "", "a", "Device/1", "Practitioner/", "Practitioner/a/b", "Practitioner/../x", 7]
)
def test_another_user_is_refused(client: httpx.Client, request_body: Json, user: Any) -> None:
    assert refused(post(client, with_context(request_body, userId=user)))["expression"] == "context.userId"


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_of_an_encounter_need_it(client: httpx.Client, request_body: Json, hook: str) -> None:
    request = request_body | {"hook": hook}
    assert post(client, with_context(request, encounterId="e1")).status_code == 200
    without = post(client, with_context(request, encounterId=...))
    if hook == "patient-view":
        assert without.status_code == 200
    else:
        assert refused(without)["expression"] == "context.encounterId"


@pytest.mark.parametrize(
    ("lent", "member"),
    [
        ({}, "fhirAuthorization.access_token"),
        ({"access_token": "", "token_type": "Bearer"}, "fhirAuthorization.access_token"),
        ({"access_token": f"{NEVER}\r\nHost: evil", "token_type": "Bearer"}, "fhirAuthorization.access_token"),
        ({"access_token": "x" * 20_000, "token_type": "Bearer"}, "fhirAuthorization.access_token"),
        ({"access_token": NEVER}, "fhirAuthorization.token_type"),
        ({"access_token": NEVER, "token_type": "MAC"}, "fhirAuthorization.token_type"),
    ],
)
def test_a_lent_token_that_is_none_is_refused_unseen(
    client: httpx.Client, request_body: Json, lent: Json, member: str
) -> None:
    response = post(client, request_body | {"fhirServer": "https://ehr.example/fhir", "fhirAuthorization": lent})
    assert refused(response)["expression"] == member
    assert NEVER not in response.text


def test_a_lent_token_needs_its_server(client: httpx.Client, request_body: Json) -> None:
    lent = {"access_token": NEVER, "token_type": "Bearer"}
    response = post(client, request_body | {"fhirAuthorization": lent})
    assert refused(response)["expression"] == "fhirServer"
    assert NEVER not in response.text


@pytest.mark.parametrize(
    "path", [f"{DISCOVERY_PATH}/other", f"{DISCOVERY_PATH}/MOOD-IMMUNE", f"{DISCOVERY_PATH}/other/feedback"]
)
def test_another_service_is_not_there(client: httpx.Client, request_body: Json, path: str) -> None:
    sent = {"feedback": []} if path.endswith("feedback") else request_body
    assert post(client, sent, path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", DISCOVERY_PATH), ("GET", SERVICE_PATH), ("PUT", SERVICE_PATH), ("GET", FEEDBACK_PATH)],
)
def test_other_methods_are_not_allowed(client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, f"http://127.0.0.1{path}").status_code == 405


def test_another_patient_s_name_and_id_are_told_to_nobody(client: httpx.Client, session: Session) -> None:
    resources = made_up_patient()
    resources[0] |= {"id": OTHER_PATIENT, "name": [{"family": NEVER}]}
    response = post(
        client,
        session.body(session.service, session.prefetch(session.service, made_up_patient()) | {"patient": resources[0]}),
    )
    assert refused(response)["expression"] == "prefetch.patient"
    assert NEVER not in response.text
    assert OTHER_PATIENT not in response.text


def test_what_is_missing_is_a_412_that_says_what(client: httpx.Client, session: Session) -> None:
    issue = refused(post(client, session.body(session.service, None)), 412)
    assert issue["expression"] == "prefetch"
    assert "fhirServer" in issue["text"]


def test_old_ids_and_names_are_in_no_number(client: httpx.Client, request_body: Json) -> None:
    """What is counted of calls is rules, indicators and statuses."""
    post(client, request_body)
    numbers = client.get("http://127.0.0.1/metrics").text
    assert 'moodmarker_cards_total{indicator="critical",rule="suicidality-recorded"}' in numbers
    assert PATIENT not in numbers
    assert request_body["hookInstance"] not in numbers
