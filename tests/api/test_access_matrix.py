"""Every route, with every credential, at every kind of site: is each let in that may be, and nobody else?

What is expected stands in this file alone; nothing of it is taken from the service's own table.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import pytest
from starlette.routing import Route
from structlog.testing import capture_logs

from service.api.access import ACCESS
from service.api.application import create_app
from service.api.edge import Edge
from service.assessment import Context
from service.settings import Settings, load_settings
from tests.evidence import note
from tests.security import cds
from tests.security.access_tokens import (
    KEYS,
    OTHER_ISSUER,
    OTHERS,
    OTHERS_RSA,
    PUBLIC_URL,
    READ,
    WRITE,
    other,
    oversize,
    sso,
    tampered,
    token,
    unsigned,
    with_public_key_as_secret,
)

SERVICE_KEY: Final = "made-up-service-key-with-32-characters"
STATIC: Final = "static-token-of-the-site-with-32-characters"
HERE, ELSEWHERE = "127.", "10."
# The parameter is wrong, so that whoever is let in gets 400, and nothing has to be fetched.
WRONG: Final = "?nonsense=1"
Kind = Literal["public", "shown", "check", "patient", "write", "cds", "subscription"]


class Site(NamedTuple):
    """A kind of site: which ways in it has."""

    static: bool
    issuers: bool
    clients: bool
    subscriptions: bool = False

    @property
    def name(self) -> str:
        named = [name for name, here in zip(self._fields, self, strict=True) if here]
        return "+".join(named) or "open"

    def settings(self, folder: Path) -> Settings:
        given: dict[str, Any] = {"bearer_token": STATIC} if self.static else {}
        if self.issuers:
            issuers = {"sso": sso(folder, token_url="https://sso.example/token"), "other": other(folder)}
            given |= {"issuers": issuers, "public_url": PUBLIC_URL}
        if self.clients:
            file = cds.write_set(folder / "ehr.json", cds.signer())
            client = {"issuer": cds.ISSUER, "key_file": str(file), "reuse": True}
            given |= {"cds_clients": {"ehr": client}, "public_url": PUBLIC_URL}
        if self.subscriptions:
            store = f"sqlite:///{folder}/store.db"
            given |= {"service_key": SERVICE_KEY, "store": store, "public_url": PUBLIC_URL}
        return load_settings(**given)


SITES: Final = [
    Site(static=False, issuers=False, clients=False),
    Site(static=True, issuers=False, clients=False),
    Site(static=False, issuers=True, clients=False),
    Site(static=True, issuers=True, clients=True, subscriptions=True),
    Site(static=False, issuers=False, clients=True),
]

# Method and template, the kind, what is asked for, and what it answers to whom it lets in.
ROUTES: Final[list[tuple[str, str, Kind, str, int]]] = [
    ("POST", "/fhir/$mood-immune-check", "check", "/fhir/$mood-immune-check" + WRONG, 400),
    ("GET", "/fhir/Patient/{id}/$mood-immune-check", "patient", "/fhir/Patient/p1/$mood-immune-check" + WRONG, 400),
    ("POST", "/fhir/Patient/{id}/$mood-immune-check", "patient", "/fhir/Patient/p1/$mood-immune-check" + WRONG, 400),
    ("POST", "/fhir/Patient/{id}/$mood-immune-write", "write", "/fhir/Patient/p1/$mood-immune-write" + WRONG, 400),
    ("GET", "/cds-services", "cds", "/cds-services", 200),
    ("POST", "/cds-services/{service}", "cds", "/cds-services/mood-immune", 400),
    ("POST", "/cds-services/{service}/feedback", "cds", "/cds-services/mood-immune/feedback", 400),
    ("POST", "/subscriptions/{id}", "subscription", "/subscriptions/main", 404),
    ("PUT", "/subscriptions/{id}/{type}/{rid}", "subscription", "/subscriptions/main/Flag/f1", 404),
    ("DELETE", "/subscriptions/{id}/{type}/{rid}", "subscription", "/subscriptions/main/Flag/f1", 404),
    ("GET", "/fhir/metadata", "public", "/fhir/metadata", 200),
    ("GET", "/fhir/CodeSystem", "public", "/fhir/CodeSystem?_id=rule", 200),
    ("GET", "/fhir/CodeSystem/{id}", "public", "/fhir/CodeSystem/rule", 200),
    ("GET", "/fhir/OperationDefinition", "public", "/fhir/OperationDefinition?_id=none", 200),
    ("GET", "/fhir/OperationDefinition/{id}", "public", "/fhir/OperationDefinition/mood-immune-check", 200),
    ("GET", "/fhir/StructureDefinition", "public", "/fhir/StructureDefinition?_id=none", 200),
    ("GET", "/fhir/StructureDefinition/{id}", "public", "/fhir/StructureDefinition/none", 404),
    ("GET", "/fhir/ValueSet", "public", "/fhir/ValueSet?_id=none", 200),
    ("GET", "/fhir/ValueSet/{id}", "public", "/fhir/ValueSet/none", 404),
    ("GET", "/.well-known/jwks.json", "public", "/.well-known/jwks.json", 404),
    ("GET", "/health/live", "public", "/health/live", 200),
    ("GET", "/health/ready", "public", "/health/ready", 200),
    ("GET", "/health/servers", "shown", "/health/servers", 200),
    ("GET", "/metrics", "shown", "/metrics", 200),
    ("GET", "/openapi.json", "shown", "/openapi.json", 200),
    ("GET", "/docs", "shown", "/docs", 200),
    # What follows is there for sites with issuers alone; see `expected`.
    ("GET", "/.well-known/smart-configuration", "public", "/.well-known/smart-configuration", 200),
    ("GET", "/fhir/.well-known/smart-configuration", "public", "/fhir/.well-known/smart-configuration", 200),
]


class Credential(NamedTuple):
    """What a caller sends, and from where: `static`, `cds` and `no` say what it is where it is no access token."""

    name: str
    headers: list[tuple[str, str]]
    peer: str = ELSEWHERE
    what: Literal["nothing", "static", "token", "cds", "secret", "junk"] = "junk"
    # Whether an access token is let in at the check, at a patient's and at the write; 401 for one that is none.
    answers: tuple[int, int, int] = (401, 401, 401)


def _sent(authorization: bytes) -> list[tuple[str, str]]:
    return [("Authorization", authorization.decode())]


IN, NOT, BAD = 0, 403, 401


def _access_tokens() -> Iterator[tuple[str, bytes, tuple[int, int, int]]]:
    """Each token that can be read, and whether it is let in at the check, at a patient's and at the write."""
    now = int(time.time())
    user, patient = WRITE.replace("system/", "user/"), WRITE.replace("system/", "patient/")
    reads, writes, no = (IN, IN, NOT), (IN, IN, IN), (NOT, NOT, NOT)
    own = (NOT, IN, IN)
    yield "v2 read", token(), reads
    yield "v2 write", token(WRITE), writes
    yield "v1 read", token("system/Observation.read"), reads
    yield "v1 write", token("system/Observation.read system/Flag.write system/CarePlan.write"), writes
    yield "v1 star", token("system/Observation.* system/Flag.* system/CarePlan.*"), writes
    yield "user v2", token(user), writes
    yield "user v1", token("user/Observation.read"), reads
    yield "user wildcard", token("user/*.cruds"), writes
    yield "wildcard v2", token("system/*.cruds"), writes
    yield "wildcard v1", token("system/*.*"), writes
    yield "wildcard read", token("openid system/*.read offline_access"), reads
    yield "wildcard write without read", token("system/*.write"), no
    yield "patient v2", token(patient, patient="p1"), own
    yield "patient v1", token("patient/*.*", patient="p1"), own
    yield "patient v1 read", token("patient/Observation.read", patient="p1"), (NOT, IN, NOT)
    yield "patient and system", token(f"{READ} patient/Flag.cu patient/CarePlan.cu", patient="p1"), writes
    yield "another patient", token(patient, patient="p2"), no
    yield "another patient by reference", token(patient, patient="Patient/p1"), no
    yield "another patient in capitals", token(patient, patient="P1"), no
    yield "patient without a patient", token(patient), no
    yield "patient that is empty", token(patient, patient=""), no
    yield "another patient, with system read", token(f"{READ} {patient}", patient="p2"), reads
    yield "read without search", token("system/Observation.r"), no
    yield "search without read", token("system/Observation.s"), no
    yield "letters in another order", token("system/Observation.sr"), no
    yield "another type", token("system/Condition.rs"), no
    yield "only part of a category", token(f"{READ}?category=laboratory"), no
    yield "part of a wildcard", token("system/*.cruds?category=laboratory"), no
    yield "write of Flag alone", token(f"{READ} system/Flag.cu"), reads
    yield "create without update", token(f"{READ} system/Flag.c system/CarePlan.c"), reads
    yield "no scope", token(None), no
    yield "an empty scope", token(""), no
    yield "other words", token("openid profile launch/patient"), no
    yield "another level", token("SYSTEM/Observation.rs admin/*.cruds"), no
    yield "scp as text", token(None, scp=READ), reads
    yield "scp as list", token(None, scp=WRITE.split()), writes
    yield "scope as list", token(WRITE.split()), writes
    yield "an audience among others", token(aud=["https://elsewhere.example", f"{PUBLIC_URL}/fhir"]), reads
    yield "the type of access tokens", token(header={"typ": "at+jwt"}), reads
    yield "no type", token(header={"typ": None}), reads
    yield "a clock that is ahead", token(nbf=now + 30, iat=now + 30), reads
    yield "the other issuer", token(by=OTHERS, iss=OTHER_ISSUER), reads
    yield "a jku beside a file", token(header={"jku": "https://evil.example/keys"}), reads
    for algorithm, key in KEYS.items():
        yield f"signed with {algorithm}", token(by=key), reads
    yield "in small letters", b"bearer" + token()[6:], reads


def _bad_tokens() -> Iterator[tuple[str, bytes]]:
    now = int(time.time())
    yield "expired", token(exp=now - 1)
    yield "expired long ago", token(exp=now - 86_400, iat=now - 90_000)
    yield "without an end", token(exp=None)
    yield "an end that is none", token(exp="tomorrow")
    yield "not yet", token(nbf=now + 600)
    yield "from the future", token(iat=now + 600)
    yield "for somebody else", token(aud="https://elsewhere.example/fhir")
    yield "for the Host that was called", token(aud="http://127.0.0.1/fhir")
    yield "for the origin alone", token(aud=PUBLIC_URL)
    yield "for nobody", token(aud=None)
    yield "of a stranger", token(iss="https://stranger.example")
    yield "of nobody", token(iss=None)
    yield "without a signature", unsigned()
    yield "without a signature, in capitals", unsigned("NONE")
    yield "with the public key as a secret", with_public_key_as_secret()
    yield "with an algorithm of no list", token(header={"alg": "PS256"})
    yield "with an algorithm of another list", token(by=OTHERS_RSA, iss=OTHER_ISSUER)
    yield "with an algorithm that is not the key's", token(by=KEYS["RS256"], header={"alg": "RS384"})
    yield "of an unknown key", token(by=cds.signer("unknown"))
    yield "without a key's name", token(header={"kid": None})
    yield "of a key of another issuer", token(by=OTHERS)
    yield "of another key by the same name", token(by=cds.signer("forger", "ES384", "P-384")._replace(kid="es384"))
    yield "of a CDS client", token(by=cds.signer(), iss=cds.ISSUER)
    yield "tampered with", tampered()
    yield "too large", oversize()
    yield "of another type", token(header={"typ": "logout+jwt"})
    yield "with an extension", token(header={"crit": ["kid"]})
    yield "a patient that is no text", token(patient=7)
    yield "two parts", token().rpartition(b".")[0]
    yield "no token", b"Bearer "
    yield "the token alone", token().removeprefix(b"Bearer ")
    yield "basic", b"Basic YTpi"


def _credentials() -> Iterator[Credential]:
    yield Credential("nothing, from here", [], HERE, "nothing")
    yield Credential("nothing, from elsewhere", [], ELSEWHERE, "nothing")
    yield Credential("nothing, forwarded", [("X-Forwarded-For", "192.0.2.7")], HERE, "nothing")
    yield Credential("nothing, by a page of another site", [("Sec-Fetch-Site", "cross-site")], HERE, "nothing")
    yield Credential("an empty header", [("Authorization", "")], ELSEWHERE, "nothing")
    for peer in (HERE, ELSEWHERE):
        yield Credential(f"the static token, from {peer}", _sent(f"Bearer {STATIC}".encode()), peer, "static")
        yield Credential(f"another static token, from {peer}", _sent(f"Bearer {STATIC}x".encode()), peer)
    yield Credential("the static token twice", _sent(f"Bearer {STATIC}".encode()) * 2)
    yield Credential("the static token as basic", _sent(f"Basic {STATIC}".encode()))
    yield Credential("two tokens", _sent(token()) * 2)
    yield Credential("a token and the static one", _sent(token()) + _sent(f"Bearer {STATIC}".encode()))
    yield Credential("a good token from here", _sent(token(WRITE)), HERE, "token", (IN, IN, IN))
    yield Credential("a bad token from here", _sent(token(exp=1)), HERE)
    for name, sent, answers in _access_tokens():
        yield Credential(name, _sent(sent), ELSEWHERE, "token", answers)
    for name, sent in _bad_tokens():
        yield Credential(name, _sent(sent))


CDS_ROUTES: Final = ("/cds-services", "/cds-services/mood-immune", "/cds-services/mood-immune/feedback")


def _of_client() -> Credential:
    aud = [PUBLIC_URL + path for path in CDS_ROUTES]
    return Credential("a CDS client's", _sent(cds.signed(cds.signer(), aud=aud)), ELSEWHERE, "cds")


def _of_subscription() -> Credential:
    secret = hmac.new(SERVICE_KEY.encode(), b"main", hashlib.sha256).hexdigest()
    return Credential("the secret of a subscription", _sent(f"Bearer {secret}".encode()), ELSEWHERE, "secret")


def expected(site: Site, kind: Kind, credential: Credential, template: str, good: int) -> int:
    """The status of one cell."""
    near = credential.peer == HERE and not {name for name, _ in credential.headers} & {
        "X-Forwarded-For",
        "Sec-Fetch-Site",
    }
    if kind == "public":
        return 404 if template.endswith("smart-configuration") and not site.issuers else good
    if kind == "shown":
        return good if near else 404
    if kind == "subscription":
        # Off, or there is no such subscription: either is told to who sends its secret alone.
        return good if credential.what == "secret" or not site.subscriptions else 401
    if kind == "cds":
        return good if (credential.what == "cds" if site.clients else near) else 401
    if not (site.static or site.issuers):
        return good if near or kind == "check" else 401
    if credential.what == "static":
        return good if site.static else 401
    if credential.what == "token" and site.issuers:
        answer = dict(zip(("check", "patient", "write"), credential.answers, strict=True))[kind]
        return good if answer == IN else answer
    return 401


_peers = count(1)
# What of a log line is another one each time.
_OF_ONE: Final = ("ms", "request_id")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


async def _ask(app: Edge, method: str, url: str, credential: Credential) -> Answer:
    """One request, from an address that nobody had before: what others have failed at counts for nobody else."""
    number = next(_peers)
    peer = f"{credential.peer}{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    path, _, query = url.partition("?")
    sent = [("host", "127.0.0.1"), ("content-type", "application/fhir+json"), *credential.headers]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent],
        "client": (peer, 50_000),
        "server": ("127.0.0.1", 80),
    }
    received = [{"type": "http.request", "body": b"{" if method in ("POST", "PUT") else b""}]
    answered: list[Any] = []

    async def receive() -> Any:
        return received.pop() if received else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answered.append(message)

    await app(scope, receive, send)
    return Answer(answered[0]["status"], dict(answered[0]["headers"]), b"".join(one["body"] for one in answered[1:]))


def _require_telling(answer: Answer, credential: Credential) -> None:
    """Refusals of the operations say what RFC 6750 has them say, and nothing of what was sent."""
    challenge = answer.headers[b"www-authenticate"]
    assert json.loads(answer.body)["resourceType"] == "OperationOutcome"
    if answer.status == 403:
        assert challenge.startswith(b'Bearer realm="moodmarker", error="insufficient_scope", scope="system/')
    elif credential.what == "nothing":
        assert challenge == b'Bearer realm="moodmarker"'
    else:
        assert challenge == b'Bearer realm="moodmarker", error="invalid_token"'
    for _, sent in credential.headers:
        assert len(sent) < 20 or sent[-20:].encode() not in answer.body


async def _differences(site: Site, app: Edge, credentials: Iterable[Credential], tried: Counter[int]) -> list[str]:
    wrong = []
    demands = site.static or site.issuers
    for credential in credentials:
        for method, template, kind, url, good in ROUTES:
            wanted = expected(site, kind, credential, template, good)
            answer = await _ask(app, method, url, credential)
            tried[answer.status] += 1
            if answer.status != wanted:
                place = f"{site.name}: {method} {url} with {credential.name}"
                wrong.append(f"{place}: {answer.status} and not {wanted}")
            elif demands and kind in ("check", "patient", "write") and wanted in (401, 403):
                _require_telling(answer, credential)
    return wrong


def _require_silence(logs: Iterable[Any], credentials: Iterable[Credential]) -> None:
    """Nothing of a credential or of a patient is in a log, and who called is."""
    ends = {sent[-20:] for one in credentials for _, sent in one.headers if len(sent) > 20}
    told = {
        json.dumps(sorted((name, str(value)) for name, value in one.items() if name not in _OF_ONE)) for one in logs
    }
    assert not [line for line in told for end in ends if end in line]
    assert not [line for line in told if "p1" in line or "p2" in line]
    assert {one["caller"] for one in logs if "caller" in one} == {"bearer-token", "sso", "other", "ehr"}
    assert {one["issuer"] for one in logs if "issuer" in one} == {"", "sso", "other"}


async def _started(site: Site, app: Any, credentials: Iterable[Credential], tried: Counter[int]) -> list[str]:
    async with app.app.router.lifespan_context(app.app):
        return await _differences(site, app, credentials, tried)


def test_every_route_with_every_credential_at_every_site(context: Context, tmp_path: Path) -> None:
    tried: Counter[int] = Counter()
    wrong: list[str] = []
    credentials = [*_credentials(), _of_client(), _of_subscription()]
    with capture_logs() as logs:
        for site in SITES:
            app = create_app(site.settings(tmp_path), context)
            wrong += asyncio.run(_started(site, app, credentials, tried))
    assert not wrong, "\n".join(wrong)
    _require_silence(logs, credentials)
    cells = sum(tried.values())
    assert cells == len(SITES) * len(credentials) * len(ROUTES)
    assert {200, 400, 401, 403, 404} == set(tried)
    note(
        "Every route, with every credential, at every kind of site",
        f"{cells} requests ({len(ROUTES)} routes, {len(credentials)} credentials, {len(SITES)} sites): "
        f"each was let in or refused as the table says",
        "tests/api/test_access_matrix.py::test_every_route_with_every_credential_at_every_site",
    )


def _routes(app: Any) -> set[tuple[str, str]]:
    return {(method, one.path) for one in app.app.routes if isinstance(one, Route) for method in one.methods or ()}


@pytest.mark.parametrize("site", SITES, ids=[site.name for site in SITES])
def test_no_route_is_left_out_here_or_in_the_services_own_table(context: Context, tmp_path: Path, site: Site) -> None:
    served = _routes(create_app(site.settings(tmp_path), context))
    assert {(method, template) for method, template, *_ in ROUTES} == served
    assert set(ACCESS) == served
