"""Are settings read from variables and the file, and is every mistake told?"""

from pathlib import Path

import pytest

from service.settings import Settings, SettingsError, is_loopback, load_settings, require_safe_listener


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "moodmarker.toml"


def _refusal(**variables: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(f"MOODMARKER_{name}", value)
        with pytest.raises(SettingsError) as refused:
            load_settings()
    return str(refused.value)


def test_defaults_are_safe() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.workers, settings.time_zone) == (
        "127.0.0.1",
        8080,
        1,
        "UTC",
    )
    assert not settings.allow_unauthenticated
    assert settings.openapi_page is None
    assert settings.metrics is None


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODMARKER_PORT", "9000")
    monkeypatch.setenv("MOODMARKER_ALLOWED_HOSTS", "ehr.example, other.example")
    monkeypatch.setenv("MOODMARKER_TIME_ZONE", "Europe/Berlin")
    monkeypatch.setenv("MOODMARKER_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("MOODMARKER_LOCALE", "")
    settings = load_settings()
    assert settings.port == 9000
    assert settings.allowed_hosts == ("ehr.example", "other.example")
    assert settings.time_zone == "Europe/Berlin"
    assert settings.log_level == "warning"
    assert settings.locale == ""


def test_thefile_is_read_and_variables_win(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    file.write_text('MOODMARKER_PORT = 9001\nworkers = 3\nallowed_hosts = ["ehr.example"]\n', encoding="utf-8")
    monkeypatch.setenv("MOODMARKER_CONFIG", str(file))
    monkeypatch.setenv("MOODMARKER_WORKERS", "2")
    settings = load_settings(host="::1")
    assert (settings.host, settings.port, settings.workers) == ("::1", 9001, 2)
    assert settings.allowed_hosts == ("ehr.example",)


def test_a_misspelt_variable_is_told_with_its_likely_name() -> None:
    assert "did you mean MOODMARKER_SITE_RULES?" in _refusal(SITE_RULE="crp-unreadable")
    assert "Known: " in _refusal(QQQQQ="1")


@pytest.mark.parametrize("variable", ["Moodmarker_Site_Ruless", "moodmarker_site_ruless"])
def test_a_misspelt_variable_is_told_whatever_its_case(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "crp-unreadable")
    with pytest.raises(SettingsError, match=r"did you mean MOODMARKER_SITE_RULES\?"):
        load_settings()


def test_case_does_not_matter_where_the_file_is_named(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    file.write_text("port = 9001", encoding="utf-8")
    monkeypatch.setenv("Moodmarker_Config", str(file))
    assert load_settings().port == 9001


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("EHR.example", "ehr.example"),
        ("ehr.example:8443", "ehr.example"),
        ("10.0.0.1:80", "10.0.0.1"),
        ("[2001:DB8::1]:8443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_host_is_kept_as_it_is_compared(entry: str, name: str) -> None:
    assert load_settings(allowed_hosts=entry).allowed_hosts == (name,)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prot = 1", "did you mean MOODMARKER_PORT?"),
        ("port = 1\nMOODMARKER_PORT = 2", "twice"),
        ("port = ", "is not TOML"),
    ],
)
def test_a_mistake_in_thefile_is_told(text: str, told: str, file: Path) -> None:
    file.write_text(text, encoding="utf-8")
    assert told in _refusal(CONFIG=str(file))


def test_afile_that_is_not_there_is_told() -> None:
    assert "cannot be read" in _refusal(CONFIG="missing.toml")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "70000", "MOODMARKER_PORT: "),
        ("PORT", "tcp://10.0.0.1:80", "Kubernetes"),
        ("TIME_ZONE", "Mars/Olympus", "IANA"),
        ("TIME_ZONE", "../etc/passwd", "IANA"),
        ("LOCALE", "what?", "MOODMARKER_LOCALE: "),
        ("CONCEPT_MAP", "missing.json", "no such file"),
        ("LOG_LEVEL", "loud", "MOODMARKER_LOG_LEVEL: "),
        ("MAX_DECOMPRESSED_BYTES", "2048", "must not be smaller"),
        ("ALLOWED_HOSTS", "https://ehr.example", "MOODMARKER_ALLOWED_HOSTS: https://ehr.example has a scheme"),
        ("ALLOWED_HOSTS", "ehr.example,*.corp", "MOODMARKER_ALLOWED_HOSTS: *.corp holds a *"),
        ("ALLOWED_HOSTS", "ehr.example/fhir", "is no host name"),
    ],
)
def test_a_wrong_value_is_told_with_its_name(name: str, value: str, told: str) -> None:
    assert told in _refusal(**{name: value})


def test_kubernetes_service_links_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODMARKER_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("MOODMARKER_SERVICE_PORT_HTTP", "8080")
    monkeypatch.setenv("MOODMARKER_PORT_8080_TCP_ADDR", "10.0.0.1")
    assert load_settings().port == 8080


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(load_settings(), "port", 1)  # noqa: B010 - the type already forbids it


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST", "::1", "[::1]"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)
    require_safe_listener(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "ehr.example", "localhost.example", ""])  # noqa: S104
def test_other_addresses_are_refused_without_authentication(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match="MOODMARKER_ALLOW_UNAUTHENTICATED=true"):
        require_safe_listener(Settings(host=host))
    require_safe_listener(Settings(host=host, allow_unauthenticated=True))


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_a_setting_that_is_no_json_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODMARKER_SERVERS", "{secret")
    with pytest.raises(SettingsError, match=r"^MOODMARKER_SERVERS: this is not JSON") as told:
        load_settings()
    assert "secret" not in str(told.value)
