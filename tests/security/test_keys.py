"""Are the service's keys kept from others, published without their secrets, and replaced without a gap?"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import structlog
from joserfc.jwk import ECKey, RSAKey

from service.security.keys import ALGORITHMS, Algorithm, KeyFolder, SigningKey, read_keys, signing_key
from service.security.rotation import KEPT_SECONDS, WAIT_SECONDS, Removal, make_key, remove, rotate
from service.settings import SettingsError

NOW = 1_800_000_000
DAY = 24 * 3600
PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}


def only(folder: Path, algorithm: Algorithm) -> SigningKey:
    (key,) = (key for key in read_keys(folder) if key.algorithm == algorithm)
    return key


def signs(folder: Path, now: int) -> str:
    key = signing_key(read_keys(folder), "ES384", now)
    assert key is not None
    return key.kid


def refusal(folder: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        KeyFolder(folder)
    assert refused.value.__cause__ is None
    return str(refused.value)


def rewrite(path: Path, **changed: Any) -> None:
    written = json.loads(path.read_text()) | changed
    path.write_text(json.dumps({name: value for name, value in written.items() if value is not None}))


def test_a_key_is_a_file_that_its_owner_alone_reads(folder: Path) -> None:
    for key in read_keys(folder):
        path = folder / f"{key.kid}.json"
        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(path.read_text())["kid"] == key.kid
    made = make_key(folder.parent / "new", "ES384", NOW)
    assert (folder.parent / "new").stat().st_mode & 0o777 == 0o700
    assert read_keys(folder.parent / "new") == (made,)


def test_the_keys_are_as_strong_as_smart_asks(tmp_path: Path) -> None:
    curve, rsa = (make_key(tmp_path, algorithm, NOW).private for algorithm in ALGORITHMS)
    assert isinstance(curve, ECKey)
    assert curve.as_dict(private=False)["crv"] == "P-384"
    assert isinstance(rsa, RSAKey)
    assert rsa.public_key.key_size == 3072


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_key_that_others_may_open_is_refused(folder: Path, mode: int) -> None:
    path = next(folder.iterdir())
    path.chmod(mode)
    assert refusal(folder) == f"MOODMARKER_KEYS: {path} is open to others (mode {mode:04o}); run: chmod 600 {path}"


@pytest.fixture
def _as_a_member(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The service is another user than the owner of its keys, in a group of theirs."""
    owned = next(folder.iterdir()).stat()
    monkeypatch.setattr(os, "geteuid", lambda: owned.st_uid + 1)
    monkeypatch.setattr(os, "getegid", lambda: owned.st_gid + 1)
    monkeypatch.setattr(os, "getgroups", lambda: [owned.st_gid])


@pytest.mark.usefixtures("_as_a_member")
@pytest.mark.parametrize("mode", [0o440, 0o640, 0o400])
def test_a_key_that_is_handed_to_the_group_of_the_service_is_taken(folder: Path, mode: int) -> None:
    for path in folder.iterdir():
        path.chmod(mode)
    assert len(KeyFolder(folder).keys) == 2


@pytest.mark.usefixtures("_as_a_member")
@pytest.mark.parametrize("mode", [0o444, 0o460, 0o660, 0o450, 0o441, 0o642])
def test_a_key_that_others_than_the_group_may_open_or_the_group_change_is_refused(folder: Path, mode: int) -> None:
    next(folder.iterdir()).chmod(mode)
    told = f"is open to others (mode {mode:04o}); let its owner and one group of the service read it"
    assert told in refusal(folder)


@pytest.mark.usefixtures("_as_a_member")
def test_a_key_that_a_group_of_others_may_read_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    next(folder.iterdir()).chmod(0o440)
    monkeypatch.setattr(os, "getgroups", lambda: [])
    assert "is open to others (mode 0440)" in refusal(folder)


def test_no_key_is_published_with_its_secret(folder: Path) -> None:
    held = {key["alg"]: key for key in KeyFolder(folder).published()["keys"]}
    assert set(held["ES384"]) == {"kty", "kid", "alg", "use", "crv", "x", "y"}
    assert set(held["RS384"]) == {"kty", "kid", "alg", "use", "n", "e"}
    assert {(key["kty"], key["use"]) for key in held.values()} == {("EC", "sig"), ("RSA", "sig")}
    for path in folder.iterdir():
        written = json.loads(path.read_text())
        secrets = [value for name, value in written.items() if name in PRIVATE]
        assert secrets
        assert not any(secret in json.dumps(list(held.values())) for secret in secrets)


def test_a_key_never_shows_its_secret_when_it_is_printed(folder: Path) -> None:
    for key in read_keys(folder):
        secret = json.loads((folder / f"{key.kid}.json").read_text())["d"]
        assert secret not in repr(key)
        assert "private" not in repr(key)


@pytest.mark.parametrize(
    ("algorithm", "changed"),
    [
        ("ES384", {"alg": "ES256"}),
        ("ES384", {"alg": None}),
        ("ES384", {"kid": "another"}),
        ("ES384", {"d": None}),
        ("ES384", {"d": "AAAA"}),
        ("ES384", {"x": 7}),
        ("ES384", {"crv": "P-256"}),
        ("ES384", {"alg": "RS384"}),
        ("ES384", {"iat": "yesterday"}),
        ("ES384", {"nbf": [1]}),
        ("ES384", {"nbf": "nan"}),
        ("ES384", {"nbf": 1_800_000_000_000}),
        ("RS384", {"n": "AQAB"}),
        ("RS384", {"d": "not base64 !"}),
        ("RS384", {"p": "AAAA"}),
    ],
)
def test_what_is_no_key_is_refused_by_name_and_without_its_contents(
    folder: Path, algorithm: Algorithm, changed: dict[str, Any]
) -> None:
    path = folder / f"{only(folder, algorithm).kid}.json"
    secret = json.loads(path.read_text())["d"]
    rewrite(path, **changed)
    told = refusal(folder)
    assert f"{path} is no private JWK" in told
    assert "moodmarker keys new" in told
    assert secret not in told


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_json_is_refused(folder: Path, content: bytes) -> None:
    next(folder.iterdir()).write_bytes(content)
    assert "is no private JWK" in refusal(folder)


def test_a_short_rsa_key_is_refused(folder: Path) -> None:
    with pytest.warns(UserWarning, match="2048"):
        short = RSAKey.generate_key(1024).as_dict(private=True)
    path = folder / "short.json"
    path.write_text(json.dumps({**short, "kid": "short", "alg": "RS384"}))
    path.chmod(0o600)
    assert "2048 bits or more" in refusal(folder)


def test_a_folder_without_keys_is_refused_with_the_remedy(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"MOODMARKER_KEYS: {tmp_path} holds no key; make one with: moodmarker keys new"
    assert "cannot be read (No such file or directory)" in refusal(tmp_path / "none")
    (tmp_path / "file").touch()
    assert "cannot be read (Not a directory)" in refusal(tmp_path / "file")


def test_a_key_of_another_tool_may_be_used(folder: Path) -> None:
    path = folder / f"{only(folder, 'RS384').kid}.json"
    rewrite(path, iat=None, nbf=None, p=None, q=None, dp=None, dq=None, qi=None, key_ops=["verify"], x5t="abc")
    key = only(folder, "RS384")
    assert (key.made, key.signs_from) == (0, 0)
    assert KeyFolder(folder).signing("RS384") == key
    assert set(key.public) == {"kty", "kid", "alg", "use", "n", "e"}


def test_other_files_of_the_folder_are_left_alone(folder: Path) -> None:
    (folder / "README.txt").write_text("the keys of this hospital")
    assert len(KeyFolder(folder).keys) == 2


def test_a_new_key_is_published_before_it_signs(tmp_path: Path) -> None:
    first = make_key(tmp_path, "ES384", NOW)
    assert signs(tmp_path, NOW) == first.kid
    second = rotate(tmp_path, "ES384", NOW + 90 * DAY).made
    assert second is not None
    published = KeyFolder(tmp_path).published()["keys"]
    assert [key["kid"] for key in published] == [second.kid, first.kid]
    assert signs(tmp_path, NOW + 90 * DAY + WAIT_SECONDS - 1) == first.kid
    assert signs(tmp_path, NOW + 90 * DAY + WAIT_SECONDS) == second.kid


def test_a_replaced_key_goes_with_the_next_rotation_after_a_day(tmp_path: Path) -> None:
    first = make_key(tmp_path, "ES384", NOW)
    second = rotate(tmp_path, "ES384", NOW + DAY).made
    assert second is not None
    early = rotate(tmp_path, "ES384", second.signs_from + KEPT_SECONDS - 1)
    assert early.removed == ()
    assert early.made is not None
    late = rotate(tmp_path, "ES384", early.made.signs_from + KEPT_SECONDS)
    assert set(late.removed) == {first.kid, second.kid}
    assert len(read_keys(tmp_path)) == 2


def test_no_second_key_is_made_while_one_waits_unless_it_is_to_sign_at_once(tmp_path: Path) -> None:
    make_key(tmp_path, "ES384", NOW)
    assert rotate(tmp_path, "ES384", NOW + 1).made is not None
    assert rotate(tmp_path, "ES384", NOW + 2).made is None
    assert len(read_keys(tmp_path)) == 2
    hurried = rotate(tmp_path, "ES384", NOW + 3, wait=0).made
    assert hurried is not None
    assert signs(tmp_path, NOW + 3) == hurried.kid


def test_where_only_a_key_that_waits_is_left_it_signs(tmp_path: Path) -> None:
    first = make_key(tmp_path, "ES384", NOW)
    second = rotate(tmp_path, "ES384", NOW + 1).made
    assert second is not None
    (tmp_path / f"{first.kid}.json").unlink()
    assert signs(tmp_path, NOW + 2) == second.kid


def test_each_algorithm_is_rotated_by_itself(folder: Path) -> None:
    kept = only(folder, "RS384")
    rotate(folder, "ES384", time.time())
    assert only(folder, "RS384") == kept
    (folder / f"{kept.kid}.json").unlink()
    with pytest.raises(SettingsError, match="holds no key of RS384 to rotate"):
        rotate(folder, "RS384", NOW)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be written"):
        make_key(tmp_path / "file" / "keys", "ES384", NOW)


def test_a_running_service_sees_a_rotation(folder: Path) -> None:
    held = KeyFolder(folder)
    before = held.signing("ES384")
    made = rotate(folder, "ES384", time.time(), wait=0).made
    assert made is not None
    assert held.signing("ES384") == made != before
    assert {key["kid"] for key in held.published()["keys"]} >= {made.kid}
    (folder / f"{made.kid}.json").unlink()
    assert held.signing("ES384") == before


def test_a_key_that_breaks_while_running_is_told_and_the_known_ones_stay(folder: Path) -> None:
    held = KeyFolder(folder)
    known = held.keys
    path = folder / f"{only(folder, 'ES384').kid}.json"
    path.chmod(0o644)
    with structlog.testing.capture_logs() as lines:
        assert held.keys == known
        assert held.keys == known
    assert [(line["event"], line["log_level"]) for line in lines] == [("signing keys not read", "error")]
    assert "is open to others" in lines[0]["reason"]
    path.chmod(0o600)
    assert held.keys == known


def test_a_read_that_failed_is_tried_again_though_no_file_has_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = KeyFolder(folder)
    made = rotate(folder, "ES384", time.time(), wait=0).made
    assert made is not None

    def fails(_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with structlog.testing.capture_logs() as lines, monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", fails)
        assert made not in held.keys
        assert made not in held.keys
    (line,) = lines
    assert line["reason"].startswith(f"MOODMARKER_KEYS: {folder} cannot be read (Input/output error)")
    assert made in held.keys


def test_a_key_that_was_taken_away_is_not_used_though_another_cannot_be_read(folder: Path) -> None:
    held = KeyFolder(folder)
    gone, broken = only(folder, "ES384"), only(folder, "RS384")
    (folder / f"{gone.kid}.json").unlink()
    (folder / f"{broken.kid}.json").write_bytes(b"{")
    with structlog.testing.capture_logs() as lines:
        assert held.keys == (broken,)
    assert len(lines) == 1


def test_a_folder_that_was_emptied_leaves_no_key(folder: Path) -> None:
    held = KeyFolder(folder)
    for path in folder.iterdir():
        path.unlink()
    with structlog.testing.capture_logs() as lines:
        assert held.signing("ES384") is None
        assert held.published() == {"keys": []}
    assert [line["reason"].partition(";")[0] for line in lines] == [f"MOODMARKER_KEYS: {folder} holds no key"]


def test_a_key_that_was_replaced_may_be_removed_at_once(folder: Path) -> None:
    old = only(folder, "ES384")
    rotate(folder, "ES384", time.time(), wait=0)
    assert remove(folder, old.kid, time.time()) == Removal(signed=False, successor=None)
    assert old not in read_keys(folder)


def test_a_key_that_waits_signs_when_the_one_before_it_is_removed(folder: Path) -> None:
    held, old = KeyFolder(folder), only(folder, "ES384")
    waiting = rotate(folder, "ES384", time.time()).made
    assert remove(folder, old.kid, time.time()) == Removal(signed=True, successor=waiting)
    assert held.signing("ES384") == waiting
    assert old.kid not in {key["kid"] for key in held.published()["keys"]}


def test_the_only_key_of_its_algorithm_is_removed_by_force_alone(folder: Path) -> None:
    held, key = KeyFolder(folder), only(folder, "ES384")
    with pytest.raises(SettingsError, match=r"only key of its algorithm.*keys rotate --at-once.*--force"):
        remove(folder, key.kid, time.time())
    assert key in read_keys(folder)
    assert remove(folder, key.kid, time.time(), force=True) == Removal(signed=True, successor=None)
    assert held.signing("ES384") is None
    assert held.signing("RS384") is not None


def test_a_key_that_nobody_could_use_in_its_place_is_no_successor(folder: Path) -> None:
    old = only(folder, "ES384")
    made = rotate(folder, "ES384", time.time()).made
    assert made is not None
    (folder / f"{made.kid}.json").chmod(0o644)
    with pytest.raises(SettingsError, match="only key of its algorithm"):
        remove(folder, old.kid, time.time())


def test_a_key_that_is_open_to_others_may_be_removed(folder: Path) -> None:
    path = folder / f"{only(folder, 'ES384').kid}.json"
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="only key"):
        remove(folder, path.stem, time.time())
    remove(folder, path.stem, time.time(), force=True)
    assert [key.algorithm for key in read_keys(folder)] == ["RS384"]


def test_what_is_no_key_may_be_removed_and_only_what_is_in_the_folder(folder: Path) -> None:
    (folder / "broken.json").write_bytes(b"{")
    outside = folder.parent / "outside.json"
    outside.write_bytes(b"{}")
    assert remove(folder, "broken", NOW) == Removal(signed=False, successor=None)
    for name in ("broken", "../outside", str(outside.with_suffix("")), ""):
        with pytest.raises(SettingsError, match="moodmarker keys list"):
            remove(folder, name, NOW)
    assert outside.exists()
    assert len(read_keys(folder)) == 2


def test_a_key_that_cannot_be_taken_away_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", fails)
    with pytest.raises(SettingsError, match=r"cannot be changed \(Read-only file system\)"):
        remove(folder, only(folder, "ES384").kid, NOW, force=True)


def test_keys_outlive_the_loss_of_their_folder_until_it_is_back(folder: Path) -> None:
    held = KeyFolder(folder)
    known = held.keys
    moved = folder.rename(folder.with_name("away"))
    with structlog.testing.capture_logs() as lines:
        assert held.keys == known
    assert len(lines) == 1
    shutil.copytree(moved, folder)
    assert held.keys == known
