"""Calls of every path with what is marked, and everything that came back."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import httpx

from tests.cds_hooks.hooks import body as hook_body
from tests.cds_hooks.hooks import prefetch_of
from tests.faults.marked_record import Json, literal, record
from tests.faults.marks import Marks, Output, decoded
from tests.security.access_tokens import KEYS, WRITE, token
from tests.security.cds import FEEDBACK, SERVICE, Signer, signed, signer

CHECK = "/fhir/$mood-immune-check"
FHIR = {"Content-Type": "application/fhir+json"}
JSON = {"Content-Type": "application/json"}
PATIENCE = 60.0
RECEIPT = "moodmarker-receipt"
REQUEST_ID = "request-id"


class Conversation:
    """What is said to one service, and what it has answered."""

    def __init__(self, url: str, marks: Marks) -> None:
        self.url = url
        self.marks = marks
        self.outputs: list[Output] = []
        self.statuses: Counter[int] = Counter()
        self.authorization: bytes | None = None
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE)

    def close(self) -> None:
        self._client.close()

    def send(
        self, path: str, body: bytes | None = None, *, of: str = "", method: str = "POST", **headers: Any
    ) -> httpx.Response:
        """One request; `of` are the patients, of whom an answer of 200 may tell."""
        sent: dict[str, Any] = {"authorization": self.authorization, **FHIR, **headers}
        named = {name.replace("_", "-"): value for name, value in sent.items() if value is not None}
        answer = self._client.request(method, path, content=body, headers=named)
        self.take(f"{method} {path.partition('?')[0][:40]}", answer, of)
        return answer

    def take(self, place: str, answer: httpx.Response, of: str = "") -> None:
        """Keeps an answer: its body, and its headers with what is encoded in them."""
        self.statuses[answer.status_code] += 1
        place = f"{answer.status_code} to {place}"
        patients = of.split() if answer.status_code == 200 else []
        allowed = frozenset[str]().union(*map(literal, patients))
        self.outputs.append(Output(f"body of {place}", answer.content, allowed))
        headers = dict(answer.headers)
        # The caller's own id of a request, if it is well-formed, is echoed here and nowhere else in an answer.
        if headers.get("x-request-id") == self.marks(REQUEST_ID):
            del headers["x-request-id"]
        self.outputs.append(Output(f"headers of {place}", json.dumps(headers).encode()))
        if RECEIPT in headers:
            self.outputs.append(Output(f"receipt of {place}", decoded(headers[RECEIPT])))

    def send_raw(self, place: str, sent: bytes) -> None:
        """Bytes that no client would write."""
        with socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=PATIENCE) as connection:
            connection.sendall(sent)
            answer = connection.recv(65_536)
        self.statuses[int(answer.split(b" ", 2)[1])] += 1
        self.outputs.append(Output(f"answer to {place}", answer))


def collection(resources: Iterable[Json], **parameters: Json) -> bytes:
    """A Parameters with a Bundle of these."""
    entries = [{"fullUrl": f"urn:uuid:{uuid4()}", "resource": one} for one in resources]
    data = {"name": "data", "resource": {"resourceType": "Bundle", "type": "collection", "entry": entries}}
    given = [{"name": name, **value} for name, value in parameters.items()]
    return json.dumps({"resourceType": "Parameters", "parameter": [*given, data]}).encode()


def system_checks(said: Conversation) -> None:
    """The check of what is sent: good ones in every form, and every fault."""
    marks = said.marks
    sent = record(marks, "sent", "6.41937")
    good = collection(sent)
    for query in ("", "?explain=full", "?as=transaction", "?as=collection", "?mode=strict"):
        said.send(CHECK + query, good, of="sent")
    said.send(CHECK, gzip.compress(good), of="sent", Content_Encoding="gzip")
    person = sent[0]
    other = {**person, "id": marks("other-id"), "name": [{"family": marks("other-family")}]}
    for faulty in (
        collection([*sent, other]),
        collection(sent[1:]).replace(b"Patient/", b"Device/"),
        good[:-20],
        good.replace(b'"status"', f'"{marks("json-key")}'.encode(), 1),
        collection(sent, asOf={"valueDateTime": marks("as-of")}),
        collection(sent, subject={"valueString": marks("subject")}),
        collection(sent, **{marks("parameter-name"): {"valueString": marks("parameter-value")}}),
        json.dumps({"resourceType": marks("resource-type"), "id": marks("top-id")}).encode(),
        json.dumps([marks("in-a-list")]).encode(),
        marks("no-json").encode(),
        gzip.compress(good)[:-9],
    ):
        said.send(CHECK, faulty)
        said.send(CHECK + "?mode=strict", faulty, Content_Encoding="gzip")
    # Nobody else is in it: it is about a patient whom its results alone name.
    alone = [one | {"subject": {"reference": f"Patient/{marks('alone-id')}"}} for one in sent[1:4]]
    said.send(CHECK, collection(alone), of="sent alone")
    said.send(CHECK, collection([person, *_wrong_types(sent, marks)]), of="sent")
    said.send(CHECK, collection([person, *_wrong_types(sent, marks)], explain={"valueCode": "full"}), of="sent")


def _wrong_types(sent: list[Json], marks: Marks) -> list[Json]:
    """Entries that cannot be read."""
    one = sent[2]
    return [
        {**one, "status": [marks("wrong-status")]},
        {**one, "effectiveDateTime": marks("wrong-date")},
        {**one, "valueQuantity": marks("wrong-quantity")},
        {**one, "code": {"coding": [{"system": marks("wrong-system"), "code": marks("wrong-code")}]}},
        {**one, "valueQuantity": {"value": 9, "unit": marks("wrong-unit"), "code": marks("wrong-unit-code")}},
        {**one, marks("unknown-element"): 1, "modifierExtension": [{"url": marks("modifier"), "valueString": "x"}]},
        {**one, "interpretation": [{"text": marks("interpretation")}], "dataAbsentReason": {"text": marks("absent")}},
        {"resourceType": marks("wrong-type"), "id": marks("wrong-type-id")},
        {**sent[0], "birthDate": marks("wrong-birth-date")},
    ]


def odd_requests(said: Conversation) -> None:
    """Marks in addresses and headers, known routes and unknown ones, and methods."""
    marks = said.marks
    good = collection(record(marks, "sent", "6.41937"))
    mark = marks("query")
    for query in (f"{mark}=1", f"asOf={mark}", f"subject=Patient/{mark}", f"explain={mark}", f"server={mark}", mark):
        said.send(f"{CHECK}?{query}", good)
    path = marks("path")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        for address in (f"/{path}", f"/fhir/Patient/{path}", f"/fhir/{path}/$mood-immune-check", f"{CHECK}/{path}"):
            said.send(address, method=method)
        said.send(f"/fhir/Patient/{path}/$mood-immune-check", method=method)
        said.send(f"/cds-services/{path}", b"{}", method=method)
    for artifact in ("CodeSystem", "StructureDefinition", "ValueSet", "OperationDefinition"):
        said.send(f"/fhir/{artifact}/{path}?{mark}", method="GET")
    for name in ("User-Agent", "Referer", "Cookie", "Origin", "Via", "X-Forwarded-For", "Accept", "Accept-Language"):
        said.send(CHECK, good, of="sent", **{name: marks(f"header-{name.lower()}")})
    for name in ("Host", "Content-Type", "Content-Encoding", "Expect", "Prefer", "If-None-Match", "Range"):
        said.send(CHECK, good, of="sent", **{name: marks(f"header-{name.lower()}")})
    said.send(CHECK, good, of="sent", Content_Type=f"application/fhir+json; charset={marks('charset')}")
    said.send(CHECK, good, of="sent", Accept=f"application/fhir+json; fhirVersion={marks('version')}")
    said.send(CHECK, good, of="sent", X_Request_Id=marks(REQUEST_ID))
    said.send(CHECK, b"{", X_Request_Id=marks(REQUEST_ID))
    said.send(CHECK, good, of="sent", X_Request_Id=f"Patient/{marks('malformed-request-id')}")


def refused_by_limits(said: Conversation, largest: int) -> None:
    """Bodies, heads and bytes past what is taken."""
    marks = said.marks
    address, head = marks("raw-path"), marks("raw-header")
    start = f"POST /{address} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Mark: {head}\r\n".encode()
    said.send_raw("too many headers", start + b"X-More: 1\r\n" * 200 + b"\r\n")
    said.send_raw("too large a head", start + b"X-More: " + head.encode() * 2_000 + b"\r\n\r\n")
    said.send_raw("two lengths", start + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}{}")
    said.send_raw("an upgrade", start + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}")
    said.send_raw("no HTTP", f"{marks('raw-noise')}\r\n\r\n".encode())
    said.send_raw("no method", f"{marks('raw-method')} /{address} HTTP/1.1\r\nHost: {head}\r\n\r\n".encode())
    large = json.dumps({"resourceType": "Bundle", "id": marks("large"), "x": "y" * largest}).encode()
    said.send(CHECK, large)
    bomb = gzip.compress(large + b" " * 70_000_000)
    said.send(CHECK, bomb, Content_Encoding="gzip")


def access_token(said: Conversation, **changed: Any) -> bytes:
    """An Authorization header whose token is made out to this service; the token is a mark."""
    made = token(**({"aud": f"{said.url}/fhir", "scope": WRITE} | changed))
    said.marks.add_token(f"access-token-{len(said.marks)}", made.decode().removeprefix("Bearer "))
    return made


def bad_access_tokens(said: Conversation) -> None:
    """Tokens that are refused, with marks in every claim and in the header; past so many, 429."""
    marks, good = said.marks, said.authorization
    names = ("iss", "sub", "aud", "scope", "jti", "client_id", "azp", "patient", "nonce", "acr")
    claims = {name: marks(f"claim-{name}") for name in names}
    now = int(time.time())
    bad: list[Json] = [{name: mark} for name, mark in claims.items() if name in {"iss", "aud", "scope"}]
    bad += [{"exp": now - 9000}, {"nbf": now + 9000}, {"exp": marks("claim-exp")}, {"iat": marks("claim-iat")}]
    headers = [{"kid": marks("header-kid")}, {"jku": f"https://{marks('header-jku')}/"}, {"typ": marks("header-typ")}]
    hidden = {name: mark for name, mark in claims.items() if name not in {"iss", "aud", "scope"}}
    for changed in bad:
        said.send(CHECK, b"{}", authorization=access_token(said, **(hidden | changed)))
    for header in headers:
        said.send(CHECK, b"{}", authorization=access_token(said, header=header, **hidden))
    stranger = signer("stranger", KEYS["RS256"].algorithm, "2048")._replace(kid=KEYS["RS256"].kid)
    for _ in range(20):
        said.send(CHECK, b"{}", authorization=access_token(said, by=stranger, **hidden))
    for text in (
        marks("no-token"),
        f"Basic {marks('basic')}",
        f"Bearer {marks('bearer')}",
        f"Bearer a.{marks('jwt')}.c",
    ):
        said.send(CHECK, b"{}", authorization=text.encode())
    said.authorization = good


class Hooks:
    """Calls of CDS Hooks by a client that signs."""

    def __init__(self, said: Conversation, by: Signer, fhir_server: str) -> None:
        self._said = said
        self._by = by
        self._server = fhir_server

    def _token(self, path: str = SERVICE, by: Signer | None = None, **changed: Any) -> bytes:
        now = int(time.time())
        good: Json = {"aud": self._said.url + path, "iat": now, "exp": now + 200, "jti": f"{uuid4()}"}
        made = signed(by or self._by, None, **(good | {"sub": self._said.marks("cds-sub")} | changed))
        self._said.marks.add_token(f"cds-token-{len(self._said.marks)}", made.decode().removeprefix("Bearer "))
        return made

    def call(self, body: Json | bytes, of: str = "", path: str = SERVICE, **changed: Any) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._said.send(path, raw, of=of, authorization=self._token(path, **changed), **JSON)

    def run(self) -> None:
        """Good ones and bad ones, fetched and sent, and feedback on what was shown."""
        marks = self._said.marks
        told = record(marks, "shown", "6.73914")
        patient = marks("shown-id")
        prefetch = prefetch_of(told, patient)
        answer = self.call(self._body(prefetch, patient), "shown")
        cards = [card["uuid"] for card in answer.json()["cards"]]
        assert cards
        self._feedback(cards[0])
        lacking = dict(list(prefetch.items())[:1])
        outcome = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": marks("outcome-text")}]}
        other = prefetch_of(record(marks, "another", "6.55731"), marks("another-id"))
        for sent in (lacking, {**prefetch, "conditions": outcome}, {**prefetch, "patient": outcome}, None):
            self.call(self._body(sent, patient), "shown")
        for sent in ({**prefetch, "observations": other["observations"]}, {**prefetch, "patient": other["patient"]}):
            self.call(self._body(sent, patient), "shown")
        self._lent(prefetch, patient)
        self._bad(prefetch, patient)

    def _body(self, prefetch: Json | None, patient: str, **more: Any) -> Json:
        user = f"Practitioner/{self._said.marks('cds-user')}"
        context = {"userId": user, "encounterId": self._said.marks("cds-encounter")}
        return hook_body(prefetch, patient=patient, context=context, **more)

    def _lent(self, prefetch: Json, patient: str) -> None:
        """What is not sent is fetched with a token of the client's."""
        marks = self._said.marks
        lent = {"access_token": marks("lent-token"), "token_type": "Bearer", "expires_in": 300}
        lent |= {"scope": "patient/*.rs", "subject": marks("lent-subject")}
        lending = {"fhirServer": self._server, "fhirAuthorization": lent}
        self.call(self._body(None, marks("fetched-id"), **lending), "fetched")
        self.call(self._body(None, marks("absent-id"), **lending))
        few = {key: value for key, value in prefetch.items() if key in {"patient", "observations"}}
        self.call(self._body(few, patient, **lending), "shown")
        elsewhere = lending | {"fhirServer": f"http://{marks('cds-server')}/fhir"}
        self.call(self._body(few, patient, **elsewhere), "shown")
        self.call(self._body(few, patient, fhirAuthorization=lent), "shown")

    def _bad(self, prefetch: Json, patient: str) -> None:
        marks = self._said.marks
        good = self._body(prefetch, patient)
        broken = [good | {name: marks(f"cds-{name}")} for name in ("hook", "hookInstance", "context", "prefetch")]
        broken += [good | {"context": {"patientId": f"{marks('cds-patient')}/x", "userId": "Practitioner/p"}}]
        broken += [good | {"context": {"patientId": patient, "userId": marks("cds-user-id")}}]
        bodies: list[Json | bytes] = [*broken, json.dumps(good)[:-30].encode(), marks("cds-no-json").encode()]
        for body in bodies:
            self.call(body, "shown")
        self.call(good, jti=marks("cds-jti"), of="shown", tenant=marks("cds-tenant"))
        for name in ("iss", "aud", "exp", "jti"):
            self.call(good, "shown", **{name: marks(f"cds-claim-{name}")})
        self.call(good, path=f"/cds-services/{marks('cds-service')}")
        self.call(good, by=signer("cds-stranger"))

    def _feedback(self, card: str) -> None:
        marks = self._said.marks
        reason = {"code": marks("reason-code"), "system": marks("reason-system"), "display": marks("reason-text")}
        ignored = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-06-30T12:00:00Z"}
        commented = ignored | {"overrideReason": {"reason": reason, "userComment": marks("comment")}}
        for one in (
            commented,
            ignored | {"card": marks("card")},
            ignored | {"outcome": marks("outcome")},
            marks("item"),
        ):
            self.call({"feedback": [one]}, path=FEEDBACK)
        accepted = {"card": card, "outcome": "accepted", "acceptedSuggestions": [{"id": marks("suggestion")}]}
        self.call({"feedback": [accepted | {"outcomeTimestamp": marks("moment")}]}, path=FEEDBACK)
        self.call({marks("feedback-key"): marks("feedback-value")}, path=FEEDBACK)
