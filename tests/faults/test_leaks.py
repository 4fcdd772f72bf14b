"""Does anything that is marked, and all of it is, come out of a real service where it has no place?"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse

from service.security.hooks import secret_of
from service.security.keys import KeyFolder
from service.settings import load_settings
from tests.cds_hooks.ehr import Ehr
from tests.cds_hooks.ehr import running as running_ehr
from tests.cli.calling import call
from tests.evidence import note
from tests.faults.corpus import MEBIBYTE
from tests.faults.marked_calls import (
    CHECK,
    REQUEST_ID,
    Conversation,
    Hooks,
    access_token,
    bad_access_tokens,
    collection,
    odd_requests,
    refused_by_limits,
    system_checks,
)
from tests.faults.marked_record import Json, literal, record, storable
from tests.faults.marks import Marks, Output
from tests.faults.processes import Replica, replica
from tests.security import authority
from tests.security.access_tokens import sso
from tests.security.authority import CLIENT, Authority
from tests.security.cds import ISSUER, signer, write_set
from tests.server.local_server import LocalServer
from tests.server.sekmet import running as running_sekmet
from tests.server.subscribing import Site, eventually, flags
from tests.server.test_leaks import FAULTS, MARK, PATIENT, faulty
from tests.store.postgres import PASSWORD, Postgres

FILE = "tests/faults/test_leaks.py"
SHADOW = 'shadow = ["mood-screening-overdue"]\n'
SERVICE_KEY, LEDGER_KEY, STATIC = "service-key", "ledger-key", "static-token"


def _secret(marks: Marks, name: str) -> str:
    return marks.add(name, f"Zq7-{name}-{'x' * 40}-7qZ")


class Everything:
    """A site with everything on, and the servers that it speaks with."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.marks = Marks()
        self.folder = folder
        self.sekmet: LocalServer = stack.enter_context(running_sekmet(_made(folder / "sekmet")))
        self.ehr: Ehr = stack.enter_context(running_ehr())
        self.giving: Authority = stack.enter_context(authority.running())
        self.refusing: Authority = stack.enter_context(authority.running())
        for one in (self.giving, self.refusing):
            one.reset(lambda: KeyFolder(folder / "keys").published())
        # It takes no assertion, and repeats what it was sent.
        self.refusing.clock_ahead = 9000.0
        self._faulty = stack.enter_context(faulty())
        # What these servers repeat in every answer.
        self.marks.add("faulty-server", MARK)
        self.site = Site.of(self.sekmet.base, folder, token=_secret(self.marks, "server-token"))
        self.site.variables.update(self._settings())

    def _settings(self) -> dict[str, str]:
        public = self.site.variables["PUBLIC_URL"]
        servers = json.loads(self.site.variables["SERVERS"])
        servers |= {name: {"url": f"{self._faulty}/{name}/fhir", "write": True} for name in FAULTS}
        smart = {"giving": self.giving, "refusing": self.refusing}
        servers |= {name: {"url": one.base, "client_id": CLIENT} for name, one in smart.items()}
        assert call("keys", "new", "--folder", str(self.folder / "keys")).code == 0
        (self.folder / "rules.toml").write_text(SHADOW)
        keys = str(write_set(self.folder / "cds.json", signer()))
        client = {"issuer": ISSUER, "key_file": keys, "fhir_servers": [self.ehr.base], "system_actions": True}
        return {
            "SERVERS": json.dumps(servers),
            "SERVICE_KEY": _secret(self.marks, SERVICE_KEY),
            "KEYS": str(self.folder / "keys"),
            "ISSUERS": json.dumps({"sso": sso(self.folder, audiences=[f"{public}/fhir"])}),
            "CDS_CLIENTS": json.dumps({"ehr": client}),
            "LEDGER": f"sqlite:///{self.folder}/ledger.db",
            "LEDGER_KEY": _secret(self.marks, LEDGER_KEY),
            "RECEIPTS": "true",
            "SITE_RULES": str(self.folder / "rules.toml"),
            "LOG_LEVEL": "debug",
        }

    @property
    def files(self) -> list[Output]:
        """The bytes of both databases, with what SQLite has beside them."""
        found = sorted(one for name in ("store.db", "ledger.db") for one in self.folder.glob(f"{name}*"))
        return [Output(f"file {one.name}", one.read_bytes()) for one in found]

    def secrets_of_subscriptions(self) -> dict[str, str]:
        """The secret of each subscription; each is a mark from then on."""
        names = [name for (name,) in _rows(self.folder, "SELECT subscription FROM moodmarker_cursor")]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.site.variables.items():
                patch.setenv(f"MOODMARKER_{name}", value)
            key = load_settings().service_key
        assert key is not None
        assert names
        return {name: self.marks.add(f"secret-of-{name}", secret_of(key, name)) for name in names}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _rows(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{folder}/store.db?mode=ro", uri=True)) as reading:
        return reading.execute(statement).fetchall()


@pytest.fixture
def everything(tmp_path: Path) -> Iterator[Everything]:
    with ExitStack() as stack:
        yield Everything(tmp_path, stack)


def _patients(said: Conversation, here: Everything) -> None:
    """Patients who are fetched: from a good server, and from each that fails."""
    marks = said.marks
    here.sekmet.put(*storable(marks, "stored", "6.81293"))
    stored = marks("stored-id")
    for operation, method in (("check", "GET"), ("check", "POST"), ("write", "POST"), ("write", "POST")):
        path = f"/fhir/Patient/{stored}/$mood-immune-{operation}?server=main"
        assert said.send(path, method=method, of="stored").status_code == 200
    assert flags(here.sekmet, stored)
    _faulty_patients(said, *FAULTS, "main", "giving", "refusing", marks("server-name"))
    for one, name in ((here.giving, "giving"), (here.refusing, "refusing")):
        assert one.asked
        for number, asked in enumerate(one.asked):
            marks.add_token(f"assertion-{name}-{number}", asked.form["client_assertion"])
        for number, given in enumerate(one.given):
            marks.add(f"given-token-{name}-{number}", given)
    said.send("/fhir/Patient/p1/$mood-immune-check?server=giving", method="GET")


def _faulty_patients(said: Conversation, *servers: str) -> None:
    """Patients of servers that fail, or do not have them."""
    for server in servers:
        for patient in (PATIENT, said.marks("nobody-id")):
            said.send(f"/fhir/Patient/{patient}/$mood-immune-check?server={server}", method="GET")
            said.send(f"/fhir/Patient/{patient}/$mood-immune-write?server={server}")


def _notifications(said: Conversation, secrets: dict[str, str]) -> None:
    """Of every subscription, with its secret, another's and none."""
    marks, kept = said.marks, said.authorization
    told = record(marks, "notified", "6.27743")
    for name, secret in [*secrets.items(), (marks("subscription"), next(iter(secrets.values())))]:
        for sent in (secret, marks("wrong-secret"), None):
            said.authorization = None if sent is None else f"Bearer {sent}".encode()
            address = f"/subscriptions/{name}/Observation/{marks('notified-now')}"
            for body in (json.dumps(told[2]).encode(), json.dumps(told[2])[:-9].encode(), marks("notice").encode()):
                said.send(f"/subscriptions/{name}", body)
                said.send(address, body, method="PUT")
            said.send(address, method="DELETE")
            said.send(f"/subscriptions/{name}", json.dumps({marks("notice-key"): 1}).encode())
    said.authorization = kept


def _processes(served: Replica) -> list[Output]:
    """The command lines of the service and its workers."""
    group = served.process.pid
    found = [one for one in Path("/proc").iterdir() if one.name.isdigit() and _group(int(one.name)) == group]
    assert found
    return [Output("command line", (one / "cmdline").read_bytes()) for one in found]


def _group(process: int) -> int:
    try:
        return os.getpgid(process)
    except ProcessLookupError:
        return -1


def _probed(said: Conversation) -> None:
    """What tells how the service is."""
    for path in ("/metrics", "/health/live", "/health/ready", "/health/servers", "/.well-known/smart-configuration"):
        said.send(path, method="GET")
    for path in ("/fhir/metadata", "/.well-known/jwks.json", "/cds-services", "/openapi.json"):
        said.send(path, method="GET")


def _log(served: Replica, client: str = "") -> list[Output]:
    """Every line; two fields may hold what the caller has for them, and nothing else.

    They are the well-formed id of its request, and the client that an issuer vouches for with its signature.
    """
    may_be = {("request_id", Marks()(REQUEST_ID)), *([("caller", client)] if client else [])}
    lines = served.lines
    assert all(any(line.get(name) == text for line in lines) for name, text in may_be)
    kept = [{name: text for name, text in line.items() if (name, str(text)) not in may_be} for line in lines]
    return [Output(f"log line {line['event']}", json.dumps(line).encode()) for line in kept]


@pytest.mark.faults
def test_nothing_that_is_marked_comes_out_where_it_has_no_place(everything: Everything) -> None:
    here, marks = everything, everything.marks
    here.ehr.resources = record(marks, "fetched", "6.98217")
    here.ehr.faults["Encounter"] = _refusal(marks)
    settings = here.site.variables
    with (
        replica(here.folder / "log", "--port", str(here.site.port), settings=settings) as served,
        closing(Conversation(settings["PUBLIC_URL"], marks)) as said,
    ):
        said.authorization = access_token(said, sub=marks("sub"), patient=marks("patient-claim"), jti=marks("jti"))
        made = here.site.call("main")
        assert made.code == 0, made.err
        system_checks(said)
        odd_requests(said)
        _patients(said, here)
        Hooks(said, signer(), here.ehr.base).run()
        _notifications(said, here.secrets_of_subscriptions())
        refused_by_limits(said, 33 * MEBIBYTE)
        bad_access_tokens(said)
        stored = _queue_is_worked_off(here)
        _probed(said)
        outputs = [*said.outputs, *_processes(served), *stored]
        assert served.end() == 0
        outputs += [*_log(served, f"sso:{marks('claim-client_id')}"), *here.files]
    # Every way to be answered and to be refused has been gone, or its outputs were not searched.
    assert {*said.statuses} >= {200, 400, 401, 403, 404, 405, 406, 412, 413, 415, 421, 422, 429, 431, 502}
    assert marks.leaks(outputs) == []
    _note("every path, two databases of SQLite", marks, said, outputs, f"{FILE}::{EVERYTHING}")


EVERYTHING = test_nothing_that_is_marked_comes_out_where_it_has_no_place.__name__


def _note(what: str, marks: Marks, said: Conversation, outputs: list[Output], test: str) -> None:
    size = sum(len(one.content) for one in outputs) / MEBIBYTE
    note(
        f"Leak search: {what}",
        f"{len(marks)} marks in {said.statuses.total()} calls with {len(said.statuses)} statuses; "
        f"{len(outputs)} outputs of {size:.1f} MiB searched, 0 marks found",
        test,
    )


def _refusal(marks: Marks) -> JSONResponse:
    issue = {"severity": "error", "code": "exception", "diagnostics": marks("ehr-diagnostics")}
    return JSONResponse({"resourceType": "OperationOutcome", "issue": [issue]}, 500)


def _queue_is_worked_off(here: Everything) -> list[Output]:
    """The databases while a patient waits, whom the queue alone may name; and when nobody waits any more."""
    marks, waiting = here.marks, here.marks("notified-id")
    # The server does not have this patient yet, so that what was notified is tried again and again.
    eventually(lambda: waiting in _queue(here))
    # Those who were worked on are forgotten while others wait.
    eventually(lambda: {name for _, name in marks.leaks(here.files)} == {"notified-id"}, seconds=20)
    dumped = _dump_without_queue(here)
    here.sekmet.put(*storable(marks, "notified", "6.27743"))
    eventually(lambda: flags(here.sekmet, waiting))
    eventually(lambda: not _queue(here))
    # Whoever looks for more work and finds none has the files forget what was done.
    eventually(lambda: not marks.leaks(here.files), seconds=10)
    return [dumped, *here.files]


def _queue(here: Everything) -> set[str]:
    return {patient for (patient,) in _rows(here.folder, "SELECT patient FROM moodmarker_work")}


def _dump_without_queue(here: Everything) -> Output:
    """Every row of every other table of the store."""
    tables = {name for (name,) in _rows(here.folder, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"moodmarker_work", "moodmarker_feedback", "moodmarker_seen", "moodmarker_token"} <= tables
    kept = sorted(tables - {"moodmarker_work"})
    rows = {name: _rows(here.folder, f"SELECT * FROM {name}") for name in kept}  # noqa: S608 - names of ours
    assert rows["moodmarker_feedback"]
    return Output("store while work waits", repr(rows).encode())


@pytest.mark.faults
def test_neither_a_database_that_is_gone_nor_a_limit_lets_anything_out(tmp_path: Path, postgres: Postgres) -> None:
    marks = Marks()
    marks.add("store-password", PASSWORD)
    marks.add("faulty-server", MARK)
    databases = [postgres.new_database() for _ in range(2)]
    with ExitStack() as stack:
        servers = {"html": {"url": f"{stack.enter_context(faulty())}/html/fhir", "write": True}}
        settings = _with_static_token(marks, [postgres.address(name) for name in databases], servers)
        served = stack.enter_context(replica(tmp_path / "log", settings=settings))
        said = stack.enter_context(closing(Conversation(served.url, marks)))
        said.authorization = f"Bearer {marks.add(STATIC, settings['BEARER_TOKEN'])}".encode()
        system_checks(said)
        secret = {"a-subscription": secret_of(SecretStr(settings["SERVICE_KEY"]), "a-subscription")}
        marks.add("subscription-secret", *secret.values())
        postgres.stop()
        said.send(CHECK, collection(record(marks, "sent", "6.41937")))
        _notifications(said, secret)
        _probed(said)
        assert {*said.statuses} >= {200, 400, 401, 503}
        postgres.start()
        eventually(lambda: served.status("/health/ready") == 200)
        odd_requests(said)
        _faulty_patients(said, "html")
        refused_by_limits(said, MEBIBYTE)
        bad_access_tokens(said)
        _probed(said)
        outputs = [*said.outputs, *_processes(served), *(_dumped(postgres, name) for name in databases)]
        assert served.end() == 0
        outputs += _log(served)
    assert {*said.statuses} >= {200, 400, 401, 404, 405, 413, 421, 422, 429, 431, 503}
    assert marks.leaks(outputs) == []
    _note("a static token, low limits, PostgreSQL stopped and started", marks, said, outputs, f"{FILE}::{GONE}")


GONE = test_neither_a_database_that_is_gone_nor_a_limit_lets_anything_out.__name__


def _with_static_token(marks: Marks, databases: list[str], servers: Json) -> dict[str, str]:
    return {
        "SERVERS": json.dumps(servers),
        "BEARER_TOKEN": _secret(marks, STATIC),
        "SERVICE_KEY": _secret(marks, SERVICE_KEY),
        "STORE": databases[0],
        "LEDGER": databases[1],
        "LEDGER_KEY": _secret(marks, LEDGER_KEY),
        "RECEIPTS": "true",
        "LOG_LEVEL": "debug",
        "MAX_BODY_BYTES": str(64 * 1024),
        "MAX_ENTRIES": "12",
        "RATE_PER_SECOND": "0.5",
        "RATE_BURST": "80",
        "DEADLINE_SECONDS": "8",
    }


def _dumped(postgres: Postgres, database: str) -> Output:
    """Every row of every table."""
    with psycopg.connect(postgres.address(database)) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = {name: connection.execute(f"SELECT * FROM {name}".encode()).fetchall() for (name,) in found}  # noqa: S608
    assert rows
    return Output("rows in PostgreSQL", repr(rows).encode())


def test_whatever_leaks_is_found_and_named() -> None:
    marks = Marks()
    mark, secret = marks("family"), marks.add("key", "s3cret+key/of=the.site")
    marks.add_token("token", "aGVhZGVy.eyJjbGFpbSI6IDF9.c2lnbmF0dXJl")
    for number in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(f"{'x' * number}{mark} and {secret}".encode())
            assert marks.found(Output("encoded", encoded)) == ["family", "key"]
    for text in (mark, mark.upper(), f'"Patient/{mark}"', f"log {mark}\n"):
        assert marks.found(Output("plain", text.encode())) == ["family"]
    assert marks.found(Output("token", b"Bearer aGVhZGVy.eyJjbGFpbSI6IDF9.")) == ["token-claims"]
    assert marks.found(Output("nothing", b"Zq7 7qZ aGVhZGVy s3cret")) == []


def test_an_answer_may_repeat_references_and_findings_of_its_own_patient_and_of_nobody_else() -> None:
    marks = Marks()
    told = record(marks, "sent", "6.41937")
    record(marks, "another", "6.55731")
    whole = Output("answer", json.dumps(told).encode(), literal("sent"))
    refused = {
        f"sent-{one}" for one in ("family", "given", "identifier", "mail", "street", "city", "narrative", "note")
    }
    refused |= {f"sent-{one}" for one in ("display", "performer", "code-text", "value-text", "diagnosis", "dosage")}
    assert {*marks.found(whole)} == refused | {f"sent-{one}" for one in ("question", "answer", "no-number")}
    assert marks.found(Output("answer", marks("another-id").encode(), literal("sent"))) == ["another-id"]
    with closing(Conversation("http://127.0.0.1:9", marks)) as said:
        for status in (400, 404, 412, 422, 500, 502, 503):
            said.take("a refusal", httpx.Response(status, content=marks("sent-id").encode()), "sent")
        said.take("an answer", httpx.Response(200, headers={"X-More": marks("sent-id")}), "sent")
    assert len(marks.leaks(said.outputs)) == 8
