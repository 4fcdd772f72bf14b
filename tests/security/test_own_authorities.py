"""Is a FHIR server believed on the word of the authorities that the site names for it, and on no other?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.assessment import Context, Servers
from service.cds_hooks.answering import HookService
from service.cds_hooks.repeats import Guard
from service.errors import RequiredDataMissing, UpstreamFailed
from service.security.cds_clients import Caller, CdsClients
from service.security.keys import KeyFolder
from service.security.replays import ReplaysOfProcess
from service.settings import CdsClient, Settings, SettingsError, load_settings
from tests.security.authority import CLIENT, Authority, running

T = TypeVar("T")
PEM = serialization.Encoding.PEM


class Issuer(NamedTuple):
    """An authority, and its certificate in a file."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    file: Path


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(
    subject: str, of: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey, *extensions: Any
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(of.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(by, hashes.SHA256())


def issuer(folder: Path, name: str) -> Issuer:
    """An authority as a hospital has its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = _signed(name, key, name, key, x509.BasicConstraints(ca=True, path_length=None), own)
    file = folder / f"{name}.pem"
    file.write_bytes(certificate.public_bytes(PEM))
    return Issuer(key, certificate, file)


def certificate_of(hospital: Issuer) -> Path:
    """A file with the key and the certificate of a server on this machine that an authority vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = _signed("ehr", key, "hospital", hospital.key, address)
    file = hospital.file.with_name("server.pem")
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + certificate.public_bytes(PEM))
    return file


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return issuer(tmp_path_factory.mktemp("hospital"), "hospital")


@pytest.fixture(scope="module")
def _running(hospital: Issuer) -> Iterator[Authority]:
    with running(certificate_of(hospital)) as server:
        yield server


@pytest.fixture
def ehr(_running: Authority, folder: Path) -> Authority:
    """A FHIR server with a token endpoint, whose certificate the hospital's own authority signed."""
    _running.reset(KeyFolder(folder).published)
    return _running


@pytest.fixture(scope="module")
def context() -> Context:
    return Context.load(Settings.model_construct())


@pytest.fixture
def opened(context: Context, folder: Path) -> Callable[..., None]:
    """Has a token given and the CapabilityStatement read, by a server's settings."""

    def run(server: dict[str, Any]) -> None:
        async def opening() -> None:
            servers = Servers(load_settings(servers={"main": server}, keys=folder), context)
            try:
                await servers.open("main")
            finally:
                await servers.close()

        asyncio.run(opening())

    return run


def test_the_hospitals_own_authority_vouches_for_server_and_token_endpoint(
    ehr: Authority, hospital: Issuer, opened: Callable[..., None]
) -> None:
    opened({"url": ehr.base, "client_id": CLIENT, "ca_file": hospital.file})
    assert ehr.fhir == [("metadata", f"Bearer {ehr.given[0]}")]


def test_a_file_may_hold_several_authorities(
    ehr: Authority, hospital: Issuer, opened: Callable[..., None], tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(issuer(tmp_path, "other").file.read_bytes() + hospital.file.read_bytes())
    opened({"url": ehr.base, "client_id": CLIENT, "ca_file": both})
    assert len(ehr.given) == 1


@pytest.mark.parametrize("named", [True, False])
def test_without_the_right_authority_nothing_is_sent(
    ehr: Authority, opened: Callable[..., None], tmp_path: Path, *, named: bool
) -> None:
    # Of the same name, and with another key.
    authorities = {"ca_file": issuer(tmp_path, "hospital").file} if named else {}
    for credentials in ({"client_id": CLIENT}, {"token": "fixed"}):
        with pytest.raises(UpstreamFailed, match="could not be reached: its certificate is of no authority"):
            opened({"url": ehr.base, **credentials, **authorities})
    assert (ehr.discovered, ehr.asked, ehr.fhir) == ([], [], [])


def test_authorities_of_one_server_vouch_for_no_other(ehr: Authority, hospital: Issuer, context: Context) -> None:
    two = {"main": {"url": ehr.base, "token": "fixed"}, "other": {"url": ehr.base, "ca_file": hospital.file}}

    async def run() -> None:
        servers = Servers(load_settings(servers=two), context)
        for _ in range(2):
            with pytest.raises(UpstreamFailed, match="status 401"):
                await servers.open("other")
            with pytest.raises(UpstreamFailed, match="could not be reached"):
                await servers.open("main")
        await servers.close()

    asyncio.run(run())
    assert ehr.fhir == [("metadata", "")] * 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, r"cannot be read \(No such file or directory\)"),
        (b"", "holds no certificate that can be read"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no certificate that can be read"),
    ],
)
def test_a_file_without_authorities_stops_the_start(
    context: Context, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    chosen = load_settings(servers={"main": {"url": "https://ehr.example/fhir", "ca_file": file}})
    with pytest.raises(SettingsError, match=f"MOODMARKER_SERVERS: main: the ca_file {file} {told}"):
        Servers(chosen, context)


def test_authorities_for_a_server_without_tls_are_refused(hospital: Issuer) -> None:
    server = {"url": "http://127.0.0.1:8100/fhir", "ca_file": hospital.file}
    with pytest.raises(SettingsError, match="server main has a ca_file and is spoken to without TLS"):
        load_settings(servers={"main": server})


def _fhir_servers_of(client: CdsClient, context: Context) -> str:
    """How a hook ends whose data have to be fetched from the client's own server."""

    async def calling() -> str:
        named = {"ehr": client}
        settings = load_settings(cds_clients=named, public_url="https://moodmarker.example")
        key = b"k" * 32
        service = HookService(settings, context, Guard(key, None, 2.0), key)

        async def aside(work: Callable[[], T]) -> T:
            return work()

        body = {
            "hook": "patient-view",
            "hookInstance": "7a5f9f0e-9d1c-4a51-9f4d-3f2c9a7f1b11",
            "context": {"userId": "Practitioner/1", "patientId": "p1"},
            "fhirServer": client.fhir_servers[0],
        }
        try:
            with pytest.raises(RequiredDataMissing) as told:
                await service.answer(json.dumps(body).encode(), Caller("ehr", client), datetime.now(UTC), aside)
            return told.value.text
        finally:
            await service.close()

    return asyncio.run(calling())


def test_the_hospitals_own_authority_vouches_for_a_cds_clients_server(
    ehr: Authority, hospital: Issuer, context: Context
) -> None:
    one = {"issuer": "ehr", "key_urls": [f"{ehr.origin}/keys"], "fhir_servers": [ehr.base]}
    # The server answers, and refuses who has no token.
    assert "status 401" in _fhir_servers_of(CdsClient.model_validate(one | {"ca_file": hospital.file}), context)
    asked = len(ehr.fhir)
    assert asked
    told = _fhir_servers_of(CdsClient.model_validate(one), context)
    assert "its certificate is of no authority that is believed here; name a PEM file" in told
    assert len(ehr.fhir) == asked


def test_an_authority_of_a_cds_client_that_is_none_stops_the_start(context: Context, tmp_path: Path) -> None:
    client = {"issuer": "ehr", "key_urls": ["https://ehr.example/keys"], "ca_file": str(tmp_path / "ca.pem")}
    settings = load_settings(cds_clients={"ehr": client}, public_url="https://moodmarker.example")
    with pytest.raises(SettingsError, match=r"MOODMARKER_CDS_CLIENTS: ehr: the ca_file .* cannot be read"):
        HookService(settings, context, Guard(b"k", None, 2.0), b"k")
    with pytest.raises(SettingsError, match=r"MOODMARKER_CDS_CLIENTS: ehr: the ca_file .* cannot be read"):
        CdsClients(settings, ReplaysOfProcess())
