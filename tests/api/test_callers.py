"""Are callers told what they have to send, what their token lacks, and where tokens are had?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Mount
from structlog.testing import capture_logs

from service.api.access import UnlistedRoute, require_listed
from service.api.edge import Edge
from service.settings import SettingsError, load_settings, require_safe_listener
from tests.api.asking import CHECK, FHIR, ask, check, issue_code, outcome_text
from tests.fhir.conformance.checking import problems
from tests.security.access_tokens import ISSUER, PUBLIC_URL, READ, WRITE, other, sso, token
from tests.security.cds import signer

STATIC = "static-token-of-the-site-with-32-characters"
PATIENT = "/fhir/Patient/p1/$mood-immune-check"
WRITING = "/fhir/Patient/p1/$mood-immune-write"
TOKEN_URL = "https://sso.example/realms/hospital/token"
AUTHORIZE_URL = "https://sso.example/realms/hospital/auth"
# It names the key of the issuer and has another.
FORGER = signer("forger", "ES384")._replace(kid="es384")
Made = Callable[..., Edge]


def bearer(sent: bytes) -> dict[str, str]:
    return FHIR | {"Authorization": sent.decode()}


@pytest.fixture
def site(tmp_path: Path) -> dict[str, Any]:
    """The settings of a site with one issuer."""
    return {"public_url": PUBLIC_URL, "issuers": {"sso": sso(tmp_path, token_url=TOKEN_URL)}}


def test_a_good_token_has_data_evaluated(make_app: Made, site: dict[str, Any], body: bytes) -> None:
    app = make_app(**site)
    with capture_logs() as logs:
        answer = check(app, body, Authorization=token(client_id="ehr").decode())
    assert answer.status_code == 200
    assert answer.json()["entry"][0]["resource"]["resourceType"] == "Flag"
    (line,) = [one for one in logs if one["event"] == "request"]
    assert line["caller"] == "sso:ehr"
    assert check(app, body).status_code == 401


def test_the_sites_own_token_is_named_in_the_log(make_app: Made, body: bytes) -> None:
    with capture_logs() as logs:
        assert check(make_app(bearer_token=STATIC), body, Authorization=f"Bearer {STATIC}").status_code == 200
    assert logs[-1]["caller"] == "bearer-token"
    assert STATIC not in json.dumps([str(one) for one in logs])


def test_where_nothing_is_configured_nobody_is_named(make_app: Made, body: bytes) -> None:
    with capture_logs() as logs:
        assert check(make_app(), body, Authorization=token().decode()).status_code == 200
    assert "caller" not in logs[-1]


@pytest.mark.parametrize(
    ("path", "scope", "told"),
    [
        (CHECK, "patient/Observation.rs", "Call the operation on that Patient: /fhir/Patient/{id}/$mood-immune-check"),
        (CHECK, "system/Condition.rs", "The token does not allow this: system/Observation.rs is needed"),
        (PATIENT, "system/Condition.rs", "The token does not allow this"),
        (WRITING, READ, "system/CarePlan.cu system/Flag.cu system/Observation.rs is needed"),
        ("/fhir/Patient/p2/$mood-immune-check", "patient/Observation.rs", "The token is for another patient"),
    ],
)
def test_a_token_that_allows_too_little_is_told_what_would(
    make_app: Made, site: dict[str, Any], path: str, scope: str, told: str
) -> None:
    answer = ask(make_app(**site), "POST", path, content=b"{}", headers=bearer(token(scope, patient="p1")))
    assert (answer.status_code, issue_code(answer)) == (403, "forbidden")
    assert told in outcome_text(answer)
    start, _, scopes = answer.headers["www-authenticate"].partition(', scope="')
    assert start == 'Bearer realm="moodmarker", error="insufficient_scope"'
    assert scopes == ('system/CarePlan.cu system/Flag.cu system/Observation.rs"' if path == WRITING else f'{READ}"')
    assert "p1" not in answer.text.replace(path, "")


def test_every_bad_token_gets_the_same_answer(make_app: Made, site: dict[str, Any]) -> None:
    app = make_app(**site)
    seen = set()
    for sent in (token(exp=1), token(aud="x"), token(iss="x"), b"Bearer x", b"Basic YTpi"):
        answer = ask(app, "GET", PATIENT, headers=bearer(sent) | {"X-Request-Id": "same"})
        seen.add((answer.status_code, answer.text, tuple(answer.headers.multi_items())))
    ((status, _, headers),) = seen
    assert status == 401
    assert dict(headers)["www-authenticate"] == 'Bearer realm="moodmarker", error="invalid_token"'
    without = ask(app, "GET", PATIENT)
    assert without.headers["www-authenticate"] == 'Bearer realm="moodmarker"'
    assert issue_code(without) == "login"


def test_who_fails_too_often_is_told_when_to_come_again(make_app: Made, site: dict[str, Any], body: bytes) -> None:
    app = make_app(**site)
    assert {ask(app, "GET", PATIENT, headers=bearer(b"Bearer x")).status_code for _ in range(20)} == {401}
    answer = ask(app, "GET", PATIENT, headers=bearer(b"Bearer x"))
    assert (answer.status_code, issue_code(answer)) == (429, "throttled")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert check(app, body, Authorization=token().decode()).status_code == 200
    # A client that nobody had heard of, by the same proxy.
    for _ in range(20):
        ask(app, "GET", PATIENT, headers=bearer(token(by=FORGER)))
    assert ask(app, "GET", PATIENT, headers=bearer(token(by=FORGER))).status_code == 429
    assert check(app, body, Authorization=token(client_id="new").decode()).status_code == 200


def test_where_the_keys_cannot_be_fetched_the_answer_is_503_however_often(make_app: Made, body: bytes) -> None:
    with socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/keys"
        app = make_app(public_url=PUBLIC_URL, issuers={"sso": {"issuer": ISSUER, "key_urls": [url]}})
        answers = [check(app, body, Authorization=token().decode()) for _ in range(25)]
    assert {(one.status_code, issue_code(one), one.headers["retry-after"]) for one in answers} == {
        (503, "transient", "10")
    }
    assert "www-authenticate" not in answers[0].headers
    assert "could not be fetched" in outcome_text(answers[0])


@pytest.mark.parametrize("scheme", ["bearer ", "BEARER ", "Bearer  ", "bEaReR   "])
@pytest.mark.parametrize("kind", ["site", "issuer"])
def test_the_scheme_is_read_in_any_case_and_with_any_number_of_spaces(
    make_app: Made, site: dict[str, Any], body: bytes, scheme: str, kind: str
) -> None:
    app = make_app(**site, bearer_token=STATIC)
    sent = STATIC if kind == "site" else token().decode().removeprefix("Bearer ")
    assert check(app, body, Authorization=scheme + sent).status_code == 200


@pytest.mark.parametrize(
    "sent", [STATIC, f"Basic {STATIC}", f"Bearer{STATIC}", f"Bearer {STATIC}x", f"x Bearer {STATIC}"]
)
def test_the_sites_token_is_taken_with_its_scheme_alone(make_app: Made, body: bytes, sent: str) -> None:
    assert check(make_app(bearer_token=STATIC), body, Authorization=sent).status_code == 401


def test_who_is_refused_has_nothing_of_its_body_read(make_app: Made, site: dict[str, Any]) -> None:
    answer = ask(make_app(**site, max_body_bytes=1024), "POST", CHECK, content=b"x" * 2048, headers=FHIR)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration"])
def test_the_smart_configuration_says_where_tokens_are_had(make_app: Made, site: dict[str, Any], path: str) -> None:
    answer = ask(make_app(**site), "GET", path, peer="10.0.0.9")
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["token_endpoint"] == TOKEN_URL
    # Required by SMART App Launch 2.2, whoever asks.
    assert told["grant_types_supported"] == ["client_credentials"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    levels = {"permission-patient", "permission-user"}
    assert {"client-confidential-asymmetric", "permission-v1", "permission-v2"} | levels == set(told["capabilities"])
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert {READ, "user/Observation.rs", "patient/Flag.cu", "system/CarePlan.cu"} <= set(told["scopes_supported"])
    # Nobody is signed in here, so SMART has it left out; and no address of keys is known.
    assert not {"issuer", "authorization_endpoint", "jwks_uri"} & set(told)


def test_the_smart_configuration_tells_what_is_known_of_the_issuer(make_app: Made, tmp_path: Path) -> None:
    keys = "https://sso.example/keys"
    whole = {"issuer": "x", "key_urls": [keys], "token_url": TOKEN_URL, "authorize_url": AUTHORIZE_URL}
    app = make_app(public_url=PUBLIC_URL, issuers={"other": other(tmp_path), "sso": whole})
    told = ask(app, "GET", "/fhir/.well-known/smart-configuration").json()
    assert (told["authorization_endpoint"], told["jwks_uri"]) == (AUTHORIZE_URL, keys)
    assert told["grant_types_supported"] == ["client_credentials", "authorization_code"]


def test_without_a_token_endpoint_there_is_no_smart_configuration(make_app: Made, tmp_path: Path) -> None:
    for settings in ({}, {"public_url": PUBLIC_URL, "issuers": {"other": other(tmp_path)}}):
        answer = ask(make_app(**settings), "GET", "/fhir/.well-known/smart-configuration")
        assert answer.status_code == 404
        assert "MOODMARKER_ISSUERS" in outcome_text(answer)


def _metadata(app: Edge) -> dict[str, Any]:
    answer = ask(app, "GET", "/fhir/metadata", peer="10.0.0.9")
    assert problems(answer.content) == []
    rest: dict[str, Any] = answer.json()["rest"][0]
    return rest


def test_the_capability_statement_says_what_is_demanded(make_app: Made, site: dict[str, Any]) -> None:
    rest = _metadata(make_app(**site))
    assert rest["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    (uris,) = rest["security"]["extension"]
    assert uris["extension"] == [{"url": "token", "valueUri": TOKEN_URL}]
    (patient,) = [one for one in rest["resource"] if one["type"] == "Patient"]
    told = {one["name"]: one["documentation"] for one in (*rest["operation"], *patient["operation"])}
    assert "`system/Observation.rs`" in told["mood-immune-check"]
    assert "`patient/`" in told["mood-immune-check"]
    assert "`system/CarePlan.cu` `system/Flag.cu` `system/Observation.rs`" in told["mood-immune-write"]


def test_with_the_sites_own_token_alone_no_smart_is_claimed(make_app: Made) -> None:
    security = _metadata(make_app(bearer_token=STATIC))["security"]
    assert list(security) == ["description"]
    assert "the site's own token" in security["description"]


def test_where_nothing_is_demanded_nothing_is_told(make_app: Made) -> None:
    assert "security" not in _metadata(make_app())


def _security(app: Edge) -> dict[str, list[Any]]:
    document = ask(app, "GET", "/openapi.json").json()
    schemes = set(document["components"]["securitySchemes"])
    told = {
        f"{method.upper()} {path}": operation["security"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {name for ways in told.values() for way in ways for name in way} == schemes
    return told


def test_the_openapi_document_says_what_each_route_asks_for(make_app: Made, site: dict[str, Any]) -> None:
    told = _security(make_app(**site))
    assert told["POST /fhir/$mood-immune-check"] == [{"smart": [READ]}, {"siteToken": []}]
    writes = ["system/CarePlan.cu", "system/Flag.cu", "system/Observation.rs"]
    assert told["POST /fhir/Patient/{id}/$mood-immune-write"][0] == {"smart": writes}
    assert told["GET /cds-services"] == [{"cdsClient": []}, {}]
    assert told["POST /subscriptions/{id}"] == [{"subscriptionSecret": []}]
    assert told["GET /health/live"] == told["GET /metrics"] == told["GET /fhir/metadata"] == []


def test_where_nothing_is_demanded_the_openapi_document_says_so(make_app: Made) -> None:
    assert _security(make_app())["POST /fhir/$mood-immune-check"][-1] == {}


async def _nothing(_request: Any) -> Response:
    return Response()


def test_a_route_that_nobody_decided_about_stops_the_start() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    require_listed(app)
    app.add_api_route("/health/live", _nothing, methods=["GET"])
    require_listed(app)
    app.add_api_route("/health/live", _nothing, methods=["POST"])
    with pytest.raises(UnlistedRoute, match="POST /health/live is in no row"):
        require_listed(app)
    mounted = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    mounted.router.routes.append(Mount("/more", app))
    with pytest.raises(UnlistedRoute, match="no route with methods"):
        require_listed(mounted)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1"])  # noqa: S104
def test_who_demands_a_token_may_be_reached_from_elsewhere(host: str, site: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="MOODMARKER_ISSUERS"):
        require_safe_listener(load_settings(host=host))
    require_safe_listener(load_settings(host=host, bearer_token=STATIC))
    require_safe_listener(load_settings(host=host, **site))
    require_safe_listener(
        load_settings(host=host, servers={"main": {"url": "https://ehr.example/fhir", "write": True}}, **site)
    )


def test_scopes_for_writing_are_enough_for_reading(make_app: Made, site: dict[str, Any], body: bytes) -> None:
    assert check(make_app(**site), body, Authorization=token(WRITE).decode()).status_code == 200
