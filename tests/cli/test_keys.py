"""Are keys made, listed and replaced on the command line, and nothing secret printed?"""

import json
import stat
from pathlib import Path

import pytest

from service.security import rotation
from tests.cli.calling import Called, call


@pytest.fixture(autouse=True)
def _short_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shortest that are taken: an RSA key is proved whenever it is read, which takes time."""
    monkeypatch.setattr(rotation, "RSA_BITS", 2048)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()}


def new(folder: Path, *more: str) -> Called:
    called = call("keys", "new", "--folder", str(folder), *more)
    assert called.code == 0, called.err
    return called


def test_a_key_of_each_algorithm_is_made(folder: Path) -> None:
    called = new(folder)
    assert {name[:5] for name in names(folder)} == {"es384", "rs384"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert all(f"{name} made; it signs from now on." in called.out for name in names(folder))
    assert "/.well-known/jwks.json" in called.out


def test_one_algorithm_may_be_chosen_and_the_other_follow(folder: Path) -> None:
    new(folder, "--algorithm", "ES384")
    first = names(folder)
    assert len(first) == 1
    new(folder)
    assert len(names(folder)) == 2
    assert first < names(folder)


def test_keys_that_are_there_are_not_made_again(folder: Path) -> None:
    new(folder, "--algorithm", "ES384")
    again = call("keys", "new", "--folder", str(folder), "--algorithm", "ES384")
    assert again.code == 2
    assert "moodmarker keys rotate" in again.err


def test_the_folder_may_be_a_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODMARKER_KEYS", str(folder))
    assert call("keys", "new", "--algorithm", "ES384").code == 0
    assert next(iter(names(folder))) in call("keys", "list").out


@pytest.mark.parametrize("command", [("new",), ("list",), ("rotate",), ("remove", "es384")])
def test_without_a_folder_it_is_told_how_to_name_one(command: tuple[str, ...]) -> None:
    called = call("keys", *command)
    assert called.code == 2
    assert "give --folder, or set MOODMARKER_KEYS" in called.err


def test_keys_are_listed_with_what_they_do(folder: Path) -> None:
    new(folder, "--algorithm", "ES384")
    (first,) = names(folder)
    call("keys", "rotate", "--folder", str(folder))
    (second,) = names(folder) - {first}
    call("keys", "rotate", "--folder", str(folder), "--at-once")
    (third,) = names(folder) - {first, second}
    lines = {line.split()[0]: line for line in call("keys", "list", "--folder", str(folder)).out.splitlines()}
    assert lines[first].endswith("replaced, still published")
    assert "signs from" in lines[second]
    assert lines[third].endswith("  signs")


def test_the_public_key_set_is_printed_to_be_registered(folder: Path) -> None:
    new(folder)
    told = call("keys", "list", "--jwks", "--folder", str(folder)).out
    assert {key["kid"] for key in json.loads(told)["keys"]} == names(folder)
    assert '"d"' not in told


def test_a_rotation_makes_one_key_for_each_and_no_second_while_it_waits(folder: Path) -> None:
    new(folder)
    called = call("keys", "rotate", "--folder", str(folder))
    assert called.out.count("made; it signs from") == 2
    again = call("keys", "rotate", "--folder", str(folder))
    assert again.out.count("waits already; none was made.") == 2
    assert len(names(folder)) == 4


def test_old_keys_are_removed_by_a_rotation(folder: Path) -> None:
    new(folder, "--algorithm", "ES384")
    (first,) = names(folder)
    call("keys", "rotate", "--folder", str(folder), "--at-once")
    for path in folder.iterdir():
        written = json.loads(path.read_text())
        path.write_text(json.dumps(written | {"iat": written["iat"] - 100_000, "nbf": written["nbf"] - 100_000}))
    assert f"{first} removed." in call("keys", "rotate", "--folder", str(folder)).out
    assert first not in names(folder)


def test_a_key_is_removed_and_what_follows_is_told(folder: Path) -> None:
    new(folder, "--algorithm", "ES384")
    (first,) = names(folder)
    refused = call("keys", "remove", first, "--folder", str(folder))
    assert (refused.code, names(folder)) == (2, {first})
    assert "moodmarker keys rotate --at-once" in refused.err
    call("keys", "rotate", "--folder", str(folder))
    (second,) = names(folder) - {first}
    removed = call("keys", "remove", first, "--folder", str(folder))
    assert (removed.code, names(folder)) == (0, {second})
    assert removed.out.startswith(f"{first} removed.\n{second} signs from now on")
    assert "FHIR servers trust it until they read the key set again" in removed.out
    forced = call("keys", "remove", second, "--force", "--folder", str(folder))
    assert (forced.code, names(folder)) == (0, set())
    assert "Nothing of its algorithm signs now" in forced.out


def test_there_must_be_a_key_to_rotate(tmp_path: Path) -> None:
    called = call("keys", "rotate", "--folder", str(tmp_path))
    assert called.code == 2
    assert "moodmarker keys new" in called.err


def test_no_secret_is_printed(folder: Path) -> None:
    called = [new(folder), *(call("keys", one, "--folder", str(folder)) for one in ("list", "rotate", "new"))]
    text = "".join(one.out + one.err for one in called)
    for path in folder.iterdir():
        assert json.loads(path.read_text())["d"] not in text
