"""Are the settings of CDS Hooks read, and is every mistake in them told with its remedy?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.settings import SettingsError, load_settings
from tests.api.serving import PATIENCE, environment, serving

PUBLIC_URL = "https://moodmarker.example"
GOOD: dict[str, Any] = {"issuer": "https://ehr.example", "key_urls": ["https://ehr.example/keys?tenant=1"]}


def _client(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (GOOD | changes).items() if value is not None}


def _refusal(public_url: str | None = PUBLIC_URL, **changes: Any) -> str:
    return _refusal_of({"ehr": _client(**changes)}, public_url)


def _refusal_of(clients: dict[str, Any], public_url: str | None = PUBLIC_URL) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(cds_clients=clients, public_url=public_url)
    return str(refused.value)


def test_nobody_is_known_and_nothing_is_open_unless_a_site_says_so() -> None:
    settings = load_settings()
    assert settings.cds_clients == {}
    assert not settings.cds_unauthenticated
    assert settings.cds_seconds == 2.0
    assert settings.cds_repeats == "silent"
    assert settings.cds_launch_url is None
    assert not settings.cds_version


def test_a_client_may_do_little_unless_a_site_says_so() -> None:
    client = load_settings(cds_clients={"ehr": GOOD}, public_url=PUBLIC_URL).cds_clients["ehr"]
    assert client.algorithms == ("ES384", "RS384")
    assert (client.audiences, client.tenants, client.fhir_servers, client.origins) == ((), (), (), ())
    assert not client.reuse
    assert not client.system_actions
    assert client.key_file is None


def test_clients_are_read_from_variables_and_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODMARKER_PUBLIC_URL", PUBLIC_URL)
    monkeypatch.setenv("MOODMARKER_CDS_SECONDS", "0.5")
    monkeypatch.setenv("MOODMARKER_CDS_REPEATS", "info")
    monkeypatch.setenv("MOODMARKER_CDS_VERSION", "true")
    monkeypatch.setenv("MOODMARKER_CDS_LAUNCH_URL", "https://app.example/launch?style=plain")
    monkeypatch.setenv("MOODMARKER_CDS_CLIENTS", json.dumps({"ehr": _client(origins=["https://EHR.example:443/"])}))
    settings = load_settings()
    assert settings.cds_clients["ehr"].key_urls == ("https://ehr.example/keys?tenant=1",)
    assert settings.cds_clients["ehr"].origins == ("https://ehr.example",)
    assert (settings.cds_seconds, settings.cds_repeats, settings.cds_version) == (0.5, "info", True)
    assert settings.cds_launch_url == "https://app.example/launch?style=plain"
    monkeypatch.delenv("MOODMARKER_CDS_CLIENTS")
    file = tmp_path / "moodmarker.toml"
    file.write_text(
        '[cds_clients.lab]\nissuer = "lab"\nkey_file = "lab.json"\ntenants = ["a"]\nreuse = true\nalgorithms = ["RS384"]\n'
        'fhir_servers = ["https://fhir.example/r4/"]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("MOODMARKER_CONFIG", str(file))
    lab = load_settings().cds_clients["lab"]
    assert (lab.issuer, lab.key_file, lab.tenants, lab.reuse) == ("lab", Path("lab.json"), ("a",), True)
    assert (lab.algorithms, lab.fhir_servers) == (("RS384",), ("https://fhir.example/r4",))


def test_a_client_needs_keys() -> None:
    assert _refusal(key_urls=None) == (
        "MOODMARKER_CDS_CLIENTS: ehr has no keys: give a key_file, or the key_urls that they are fetched from"
    )
    assert "both a key_file and key_urls; leave one out" in _refusal(key_file="keys.json")


def test_somebody_has_to_say_whom_tokens_are_for() -> None:
    told = _refusal(public_url=None)
    assert told.startswith("MOODMARKER_CDS_CLIENTS: ehr: ")
    assert "MOODMARKER_PUBLIC_URL" in told
    load_settings(cds_clients={"ehr": _client(audiences=["urn:here"])})


def test_our_address_is_for_clients_as_well_as_for_subscriptions() -> None:
    assert load_settings(cds_clients={"ehr": GOOD}, public_url=PUBLIC_URL).public_url == PUBLIC_URL
    with pytest.raises(SettingsError, match=r"MOODMARKER_SERVICE_KEY.*MOODMARKER_CDS_CLIENTS"):
        load_settings(public_url=PUBLIC_URL)


def test_two_clients_have_two_issuers() -> None:
    told = _refusal_of({"ehr": GOOD, "lab": GOOD})
    assert told == "MOODMARKER_CDS_CLIENTS: lab has the issuer of ehr; make them one client"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"issuer": None}, "ehr.issuer: Field required"),
        ({"issuer": ""}, "ehr.issuer: "),
        ({"isuer": "x"}, "ehr.isuer: "),
        ({"algorithms": []}, "ehr.algorithms: "),
        ({"algorithms": ["HS384"]}, "ehr.algorithms.0: "),
        ({"algorithms": ["none"]}, "ehr.algorithms.0: "),
        ({"algorithms": ["ES256"]}, "ehr.algorithms.0: "),
        ({"key_urls": ["ehr.example/keys"]}, "scheme and host"),
        ({"key_urls": ["file:///etc/passwd"]}, "scheme and host"),
        ({"key_urls": ["https:///keys"]}, "scheme and host"),
        ({"key_urls": ["https://ehr.example:99999/keys"]}, "scheme and host"),
        ({"key_urls": ["https://[ehr/keys"]}, "scheme and host"),
        ({"key_urls": ["https://user@ehr.example/keys"]}, "without user"),
        ({"key_urls": ["https://ehr.example/keys#a"]}, "fragment"),
        ({"key_urls": ["https://ehr.example/my keys"]}, "spaces"),
        ({"key_urls": ["http://ehr.example/keys"]}, "CDS client ehr: plain http"),
        ({"fhir_servers": ["http://ehr.example/fhir"]}, "CDS client ehr: plain http"),
        ({"fhir_servers": ["ehr.example"]}, "FHIR base"),
        ({"origins": ["http://ehr.example"]}, "CDS client ehr: plain http"),
        ({"origins": ["*"]}, "ehr.origins.0: write it as browsers do"),
        ({"origins": ["null"]}, "as browsers do"),
        ({"origins": ["https://*.ehr.example"]}, "as browsers do"),
        ({"origins": ["ehr.example"]}, "as browsers do"),
        ({"origins": ["https://ehr.example:99999"]}, "as browsers do"),
        ({"origins": ["https://[ehr"]}, "as browsers do"),
        ({"origins": ["https://ehr.example/page"]}, "ends with its host or port: https://ehr.example"),
        ({"origins": ["https://ehr.example?"]}, "ends with its host or port"),
        ({"origins": ["https://ehr.example#"]}, "ends with its host or port"),
        ({"origins": ["https://me@ehr.example"]}, "ends with its host or port"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(changes: dict[str, Any], told: str) -> None:
    refusal = _refusal(**changes)
    assert told in refusal
    assert "ehr" in refusal


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://EHR.Example", "https://ehr.example"),
        ("https://ehr.example/", "https://ehr.example"),
        ("https://ehr.example:443", "https://ehr.example"),
        ("https://ehr.example:8443", "https://ehr.example:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(written: str, kept: str) -> None:
    settings = load_settings(cds_clients={"ehr": _client(origins=[written])}, public_url=PUBLIC_URL)
    assert settings.cds_clients["ehr"].origins == (kept,)


def test_a_site_may_name_hosts_without_tls() -> None:
    plain = _client(key_urls=["http://keys:8080/set"], fhir_servers=["http://fhir:8080/fhir"], origins=["http://page"])
    load_settings(cds_clients={"ehr": plain}, public_url=PUBLIC_URL, plain_http="keys fhir page")
    load_settings(cds_clients={"ehr": _client(key_urls=["http://127.0.0.1:8080/set"])}, public_url=PUBLIC_URL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cds_seconds", 0),
        ("cds_seconds", 61),
        ("cds_repeats", "loud"),
        ("cds_launch_url", "app.example"),
        ("cds_launch_url", "javascript:alert(1)"),
        ("cds_launch_url", "http://app.example/launch"),
        ("public_url", "http://moodmarker.example"),
    ],
)
def test_other_wrong_values_are_told(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=r"MOODMARKER_CDS|cds_launch_url|public_url"):
        load_settings(**{"cds_clients": {"ehr": GOOD}, "public_url": PUBLIC_URL, name: value})


def test_a_start_that_lets_everybody_in_is_told() -> None:
    with serving(CDS_UNAUTHENTICATED="true") as served:
        told = served.wait_for("cds hooks callers need no token")
    assert told["level"] == "warning"
    assert "MOODMARKER_CDS_CLIENTS" in str(told["reason"])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_key_file_of_no_use_is_told_once_and_ends_the_start(workers: str, tmp_path: Path) -> None:
    client = {"issuer": "ehr", "key_file": str(tmp_path / "missing.json"), "audiences": ["urn:here"]}
    variables = environment(CDS_CLIENTS=json.dumps({"ehr": client}))
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", "--workers", workers]
    ended = subprocess.run(command, env=variables, capture_output=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 2
    assert ended.stderr.decode().count("MOODMARKER_CDS_CLIENTS: ehr: the key_file") == 1
