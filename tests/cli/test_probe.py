"""Is it told what a FHIR server can and cannot do for us, and nothing of a patient?"""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import structlog

from service.security.rotation import make_key
from service.settings import Settings
from tests.cli.calling import call
from tests.cli.statements import SMART_OF_THE_READ_ONLY, hapi, one_writer, read_only, statement
from tests.clients.patient import PATIENT, resources
from tests.server.local_server import LocalServer
from tests.server.sekmet import running

BASE = "https://ehr.example/fhir"
PERSON = {"resourceType": "Patient", "id": "p1", "birthDate": "1980-01-01", "name": [{"family": "Beispiel"}]}
SMALL_PAGE = 20


@pytest.fixture(scope="module")
def sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with running(tmp_path_factory.mktemp("sekmet")) as server:
        server.put(*resources())
        yield server


@pytest.fixture
def answers() -> dict[str, httpx.Response]:
    """What the described server answers to a search of a type, where it is not an empty page."""
    return {}


@pytest.fixture
def server(answers: dict[str, httpx.Response]) -> Iterator[respx.MockRouter]:
    """A server that is described in the test; it has the patient p1."""

    def searched(request: httpx.Request) -> httpx.Response:
        kind = request.url.path.split("/")[2]
        return answers.get(f"{request.method} {kind}", httpx.Response(200, json=page()))

    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/Patient/p1").respond(json=PERSON)
        router.get(f"{BASE}/.well-known/smart-configuration", name="smart").respond(404)
        router.get(url__regex=rf"{BASE}/[A-Z]\w+\?.*").mock(side_effect=searched)
        router.post(url__regex=rf"{BASE}/[A-Z]\w+/_search", name="posted").mock(side_effect=searched)
        yield router


def page(entries: int = 0, following: str = "") -> dict[str, Any]:
    link = [{"relation": "next", "url": following}] if following else []
    held = [{"resource": {"resourceType": "Condition", "id": str(number)}} for number in range(entries)]
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": held}


def told(*arguments: str, code: int = 0) -> dict[str, Any]:
    """The findings as a program reads them."""
    called = call("probe", *arguments, "--json")
    assert called.code == code, called.err
    return dict(json.loads(called.out))


def settings_of(found: dict[str, Any]) -> dict[str, Any]:
    """The proposed lines, which have to be settings as they stand."""
    server = tomllib.loads(found["settings"])["servers"][found["name"]]
    Settings.model_validate({"servers": {"main": server}})
    return dict(server)


def test_a_real_server_is_told_from_what_it_says(sekmet: LocalServer) -> None:
    found = told(sekmet.base)
    stated = found["stated"]
    assert stated["fhirVersion"] == "4.0.1"
    assert stated["batch"] is stated["everything"] is True
    assert {one["type"] for one in stated["reads"] if not one["byPatient"]} == {"QuestionnaireResponse"}
    assert [one["type"] for one in stated["reads"] if one["byCode"]] == ["Observation"]
    assert (stated["writeAs"], stated["oneWriter"]) == ("flag", False)
    assert stated["subscriptions"]["create"]
    assert "status" in stated["subscriptions"]["operations"]
    assert any(topic.endswith("/patient-change") for topic in stated["subscriptions"]["topics"])
    assert stated["smart"]["backendServices"] is stated["smart"]["sameOrigin"] is True
    assert {"ES384", "RS384"} <= set(stated["smart"]["algorithms"])
    assert "system/Observation.rs" in found["scopes"].split()
    assert found["trial"] is None
    assert settings_of(found) == {"url": sekmet.base}


def test_a_real_patient_is_fetched_and_nothing_of_them_is_printed(sekmet: LocalServer) -> None:
    found = told(sekmet.base, "--patient", PATIENT)
    trial = found["trial"]
    assert trial["requests"] >= 1
    assert set(trial["gaps"]) == {"QuestionnaireResponse"}
    assert trial["paging"] == {"smallerPages": {}, "postSearch": True}
    text = call("probe", sekmet.base, "--patient", PATIENT)
    assert (text.code, text.err) == (0, "")
    assert f"requests: {trial['requests']}" in text.out
    assert "gap: QuestionnaireResponse:" in text.out
    for secret in (PATIENT, "Beispiel", "Ada", "1992", "44261-6"):
        assert secret not in text.out + json.dumps(found)


def test_a_patient_that_is_not_there_is_told_beside_what_is_known(sekmet: LocalServer) -> None:
    called = call("probe", sekmet.base, "--patient", "nobody")
    assert called.code == 3
    assert "It was not fetched: the server has no such Patient." in called.out
    assert "FHIR 4.0.1" in called.out
    assert "nobody" not in called.out


def test_piped_it_is_plain_and_whole(sekmet: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = call("probe", sekmet.base).out
    assert "\x1b" not in out
    assert "  MedicationAdministration  yes         -        not told" in out.splitlines()
    assert "  resource type  create  update  our ids  If-None-Exist  versions checked" in out.splitlines()


def test_a_server_like_hapi_takes_everything_in_small_pages(
    server: respx.MockRouter, answers: dict[str, httpx.Response]
) -> None:
    server.get(f"{BASE}/metadata").respond(json=hapi())
    more = f"{BASE}?_getpages=opaque&_getpagesoffset=20"
    server.get(more).respond(json=page(3))
    answers["GET Condition"] = httpx.Response(200, json=page(SMALL_PAGE, more))
    found = told(BASE, "--patient", "p1")
    assert not found["stated"]["batch"]
    assert all(one["byPatient"] for one in found["stated"]["reads"])
    assert (found["stated"]["writeAs"], found["stated"]["oneWriter"]) == ("flag", False)
    assert found["stated"]["subscriptions"] == {"create": True, "topics": [], "operations": []}
    assert found["stated"]["smart"]["fault"] == "it has none"
    assert found["trial"]["gaps"] == {}
    # The patient, a search of each type, and one more page.
    assert found["trial"]["requests"] == 1 + len(found["stated"]["reads"]) + 1
    assert found["trial"]["paging"]["smallerPages"] == {"Condition": SMALL_PAGE}
    assert settings_of(found) == {"url": BASE, "page_size": SMALL_PAGE}
    text = call("probe", BASE, "--patient", "p1").out
    assert "nothing that rules read is missing" in text
    assert "  Condition                 yes         -        at most 20" in text.splitlines()
    assert "# batch = true" in text
    assert "topics of the R5 backport: none told" in text


def test_a_read_only_server_is_told_that_nothing_will_be_written(server: respx.MockRouter) -> None:
    server.get(f"{BASE}/metadata").respond(json=read_only())
    server["smart"].respond(json=SMART_OF_THE_READ_ONLY)
    server["posted"].respond(405)
    found = told(BASE, "--patient", "p1")
    missing = {"Flag", "MedicationDispense", "QuestionnaireResponse"}
    assert {one["type"] for one in found["stated"]["reads"] if not one["byPatient"]} == missing
    # Its one long search, of Observations by their codes, goes by POST and is refused.
    assert set(found["trial"]["gaps"]) == {*missing, "Observation"}
    assert found["stated"]["writeAs"] == "none"
    assert "write_as" in found["stated"]["notWritten"]
    assert not found["stated"]["subscriptions"]["create"]
    smart = found["stated"]["smart"]
    assert smart["backendServices"]
    assert not smart["sameOrigin"]
    assert smart["scopes"] == ["v1"]
    assert "system/Observation.read" in found["scopes"].split()
    assert settings_of(found) == {"url": BASE, "post_search": False}
    text = call("probe", BASE, "--patient", "p1").out
    assert "Nothing will be written: its CapabilityStatement does not offer" in text
    assert f"token endpoint: on another origin: {SMART_OF_THE_READ_ONLY['token_endpoint']}" in text
    # Without a client id they would be refused.
    assert '# algorithm = "RS384"' in text
    assert '# scopes = "v1"' in text
    assert f'# token_url = "{SMART_OF_THE_READ_ONLY["token_endpoint"]}"' in text
    assert "# write = true" not in text
    assert "POST _search: no" in text
    assert "Nothing is concluded from the absence of: MedicationDispense, QuestionnaireResponse, Flag." in text


def test_a_server_that_stores_twice_promises_one_writer_only(server: respx.MockRouter) -> None:
    server.get(f"{BASE}/metadata").respond(json=one_writer())
    assert told(BASE)["stated"]["oneWriter"]
    assert "Only one writer at a time can be promised unless the workers share a store" in call("probe", BASE).out


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(404), "it answered with status 404"),
        (httpx.Response(500), "it answered with status 500"),
        (httpx.Response(200, html="<html>Welcome</html>"), "it answered with something that is not FHIR JSON"),
        (httpx.Response(200, json={"resourceType": "Patient"}), "it has no CapabilityStatement"),
        (httpx.Response(200, json=statement([], version="5.0.0")), "it does not speak FHIR R4 but 5.0.0"),
        (httpx.Response(200, json=statement([], version="\x1b[2J")), "it does not speak FHIR R4"),
        (httpx.Response(200, json={"resourceType": 1}), "its CapabilityStatement cannot be read"),
    ],
)
def test_a_server_that_cannot_be_used_is_told(server: respx.MockRouter, answer: httpx.Response, reason: str) -> None:
    server.get(f"{BASE}/metadata").mock(return_value=answer)
    found = told(BASE, code=3)
    assert (found["fault"], found["stated"], found["settings"]) == (reason, None, "")
    called = call("probe", BASE)
    assert (called.code, called.out) == (3, f"{BASE}\nIt cannot be used: {reason}.\n")


def test_a_server_that_cannot_be_reached_leaves_no_log_among_the_findings() -> None:
    kept = structlog.get_config()
    found = told("http://127.0.0.1:9/fhir", code=3)
    assert found["fault"] == "it could not be reached, or broke the connection off"
    assert structlog.get_config() == kept


def test_what_a_server_calls_itself_cannot_command_the_terminal(server: respx.MockRouter) -> None:
    described = statement([]) | {"software": {"name": "A\x1b[2Jserver\r\n", "version": "1" * 500}}
    server.get(f"{BASE}/metadata").respond(json=described)
    out = call("probe", BASE).out
    assert "\x1b" not in out
    assert "software: A[2Jserver 1" in out
    assert "1" * 201 not in out


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (httpx.Response(200, html="<html>"), "SMART configuration: it answered with something that is not FHIR JSON"),
        (httpx.Response(200, json={"capabilities": 1}), "SMART configuration: its SMART configuration cannot be read"),
        (httpx.Response(200, json={}), "offered: no"),
        (httpx.Response(200, json={"token_endpoint": "https://ehr.example/token"}), "offered: no"),
        (
            httpx.Response(
                200,
                json={
                    "token_endpoint": "ldap://ehr.example",
                    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                    "scopes_supported": ["system/*.rs"],
                },
            ),
            "scopes: v2",
        ),
    ],
)
def test_tokens_that_are_not_offered_as_needed_are_told(
    server: respx.MockRouter, answer: httpx.Response, line: str
) -> None:
    server.get(f"{BASE}/metadata").respond(json=one_writer())
    server["smart"].mock(return_value=answer)
    out = call("probe", BASE).out
    assert f"  {line}" in out.splitlines()
    assert "token_url" not in out


def test_a_failing_patient_is_told_and_is_no_success(server: respx.MockRouter) -> None:
    server.get(f"{BASE}/metadata").respond(json=hapi())
    server.get(f"{BASE}/Patient/p1").respond(403)
    called = call("probe", BASE, "--patient", "p1")
    assert called.code == 3
    assert "It was not fetched: " in called.out
    assert "status 403" in called.out


def test_an_id_that_is_none_reaches_no_server_but_for_what_it_says(server: respx.MockRouter) -> None:
    server.get(f"{BASE}/metadata").respond(json=hapi())
    called = call("probe", BASE, "--patient", "a/../b")
    assert called.code == 3
    assert "This is no id of FHIR" in called.out
    assert [one.request.url.path for one in server.calls][2:] == []


def test_a_type_that_fails_is_a_gap_and_has_no_page_size(
    server: respx.MockRouter, answers: dict[str, httpx.Response]
) -> None:
    server.get(f"{BASE}/metadata").respond(json=hapi())
    answers["GET Encounter"] = httpx.Response(400)
    found = told(BASE, "--patient", "p1")
    assert found["trial"]["gaps"] == {"Encounter": "it answered with status 400"}


def test_a_server_without_anything_to_search_is_only_described(server: respx.MockRouter) -> None:
    server.get(f"{BASE}/metadata").respond(json=statement([]))
    found = told(BASE, "--patient", "p1")
    assert found["trial"]["paging"]["postSearch"] is None
    assert len(found["trial"]["gaps"]) == len(found["stated"]["reads"])


def test_a_configured_server_is_asked_with_its_token_and_as_it_is_set(
    server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = {"url": BASE, "token": "a-token", "search_by_code": False, "write_as": "task"}
    monkeypatch.setenv("MOODMARKER_SERVERS", json.dumps({"a ward": configured, "other": {"url": "https://o.example"}}))
    metadata = server.get(f"{BASE}/metadata").respond(json=hapi())
    found = told("--server", "a ward", "--patient", "p1")
    assert metadata.calls.last.request.headers["authorization"] == "Bearer a-token"
    assert [one["byCode"] for one in found["stated"]["reads"] if one["type"] == "Observation"] == [False]
    assert found["stated"]["writeAs"] == "task"
    assert settings_of(found) == {"url": BASE}
    out = call("probe", "--server", "a ward").out
    assert "a-token" not in out
    assert "What will be written, where a site allows it: Task." in out
    assert "# write = true  # to have Tasks stored" in out


@pytest.fixture
def registered(server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> respx.Route:
    """The service is a client of the described server; the route is its token endpoint."""
    make_key(tmp_path / "keys", "ES384", int(time.time()))
    configured = {"url": BASE, "client_id": "moodmarker", "token_url": "https://ehr.example/token"}
    monkeypatch.setenv("MOODMARKER_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("MOODMARKER_SERVERS", json.dumps({"main": configured}))
    server.get(f"{BASE}/metadata").respond(json=hapi())
    return server.post("https://ehr.example/token")


def test_what_the_token_does_not_allow_is_told(registered: respx.Route) -> None:
    granted = {"access_token": "a-token", "token_type": "bearer", "expires_in": 300, "scope": "system/Observation.rs"}
    registered.respond(json=granted)
    missing = told("--server", "main")["stated"]["notGranted"]
    assert {"Patient", "Condition", "Flag"} <= set(missing)
    assert "Observation" not in missing
    called = call("probe", "--server", "main", "--patient", "p1")
    assert called.code == 3
    assert f"The token does not let this service read: {', '.join(missing)}." in called.out
    assert "a-token" not in called.out


def test_without_a_token_the_server_cannot_be_used_and_nothing_is_logged(
    registered: respx.Route, capsys: pytest.CaptureFixture[str]
) -> None:
    registered.respond(400, json={"error": "invalid_client"})
    structlog.configure(cache_logger_on_first_use=False)
    try:
        found = told("--server", "main", code=3)
        assert structlog.is_configured()
    finally:
        structlog.reset_defaults()
    assert "its token endpoint refuses (invalid_client): check the client id" in found["fault"]
    assert capsys.readouterr() == ("", "")


def test_a_url_gets_nothing_of_a_configured_server(server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODMARKER_SERVERS", json.dumps({"main": {"url": "https://o.example", "token": "a-token"}}))
    metadata = server.get(f"{BASE}/metadata").respond(json=hapi())
    told(BASE)
    assert "authorization" not in metadata.calls.last.request.headers


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "Name one server"),
        ((BASE, "--server", "main"), "Name one server"),
        (("--server", "main"), "known: none is configured"),
        (("http://ehr.example/fhir",), "plain http is for loopback alone"),
        (("ehr.example",), "scheme and host"),
        (("https://ehr.example/fhir?x=1",), "no user, query or fragment"),
        (("https://somebody:secret@ehr.example",), "no user, query or fragment"),
    ],
)
def test_a_wrong_command_line_is_told(arguments: tuple[str, ...], text: str) -> None:
    called = call("probe", *arguments)
    assert (called.code, called.out) == (2, "")
    assert text in called.err
    assert "secret" not in called.err
