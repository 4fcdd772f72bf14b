"""Do the commands of the ledger and of receipts tell what is whole, what is broken, and what nobody can tell?"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.security.ledger_keys import LedgerKeys, as_text
from service.security.receipts import Receipt, Receipts, digest
from service.store.ledger_chain import Entry
from tests.cli.calling import Called, call
from tests.store.ledgers import KEYS, SECRET, asked, changed, entry, opened, written

DAY = 86_400_000_000
ANSWER, REQUEST = b'{"resourceType":"Bundle"}', b'{"resourceType":"Parameters"}'


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("MOODMARKER_LEDGER", address)
    monkeypatch.setenv("MOODMARKER_LEDGER_KEY", SECRET.get_secret_value())
    return address


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    file = tmp_path / "answer.json"
    file.write_bytes(ANSWER)
    return file


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_bytes(REQUEST)
    return file


def verify(*more: str) -> Called:
    return call("ledger", "verify", *more)


async def _recorded(url: str, entries: list[Entry], *, close: bool = True) -> str:
    ledger = await opened(url)
    for one in entries:
        await ledger.record(one)
    if close:
        await ledger.close()
    return ledger.name


def receipted(url: str, keys: LedgerKeys = KEYS) -> str:
    """A receipt of the seventh row of a ledger."""
    entries = [entry() for _ in range(12)]
    name = asyncio.run(_recorded(url, entries))
    told = entries[6]
    return Receipts(keys).signed(
        Receipt(
            decision=told.decision,
            writer=name,
            seq=7,
            at=told.at,
            rule_set=told.rule_set,
            input=told.input,
            request=digest(REQUEST),
            answer=digest(ANSWER),
            status=200,
        )
    )


def prove(receipt: str, answer: Path, *more: str) -> Called:
    return call("receipt", "verify", "--receipt", receipt, "--body", str(answer), *more)


def test_the_key_that_is_printed_is_the_public_one(url: str) -> None:
    printed = json.loads(call("ledger", "key").out)
    assert printed == KEYS.public.jwk
    assert set(printed) == {"kty", "crv", "x", "kid", "alg", "use"}


def test_a_whole_ledger_ends_with_0(url: str) -> None:
    name = asyncio.run(written(url))
    ended = verify()
    assert ended.code == 0
    assert ended.out.splitlines() == [f"{name}  12 rows, closed", "1 chains, 12 rows: all is whole"]


def test_a_broken_ledger_ends_with_1_and_says_where(url: str) -> None:
    asyncio.run(written(url))
    changed(url, "UPDATE moodmarker_ledger SET caller = 'other' WHERE seq = 3")
    ended = verify()
    assert ended.code == 1
    assert "BROKEN: row 3 was changed" in ended.err
    assert ended.out.endswith("1 chains, 12 rows: broken\n")


def test_a_crash_ends_with_2_and_what_others_know_decides(url: str) -> None:
    name = asyncio.run(written(url))
    ((hash_,),) = asked(url, "SELECT hash FROM moodmarker_ledger WHERE seq = 10")
    changed(url, "DELETE FROM moodmarker_ledger WHERE seq > 10", "DELETE FROM moodmarker_ledger_head WHERE seq > 10")
    ended = verify()
    assert ended.code == 2
    assert "UNSURE: it ended without a closing head at row 10: a crash, or a cut tail" in ended.err
    assert verify("--expect", f"{name}:10:{hash_}").code == 2
    assert verify("--expect", f"{name}:10:{'0' * 64}").code == 1
    ended = verify("--expect", f"{name}:12")
    assert ended.code == 1
    assert f"BROKEN: row 12 of {name} is missing: its chain ends at row 10" in ended.err
    assert verify("--expect", "somebody:1").code == 1


@pytest.mark.parametrize("place", ["writer", "writer:x", "a:1:2:3"])
def test_a_place_that_is_none_is_told(url: str, place: str) -> None:
    asyncio.run(written(url))
    ended = verify("--expect", place)
    assert ended.code == 2
    assert "WRITER:SEQ" in ended.err


def test_a_receipt_anchors_the_ledger(url: str, tmp_path: Path) -> None:
    receipt = receipted(url)
    (tmp_path / "receipt").write_text(f"{receipt}\n")
    assert verify("--receipt", receipt).code == 0
    assert verify("--receipt", str(tmp_path / "receipt")).code == 0
    changed(url, "DELETE FROM moodmarker_ledger WHERE seq > 5", "DELETE FROM moodmarker_ledger_head WHERE seq > 5")
    assert verify("--receipt", receipt).code == 1
    ended = verify("--receipt", "a.b.c")
    assert ended.code == 2


def test_a_receipt_proves_answer_request_and_row(url: str, answer: Path, request_file: Path) -> None:
    receipt = receipted(url)
    ended = prove(receipt, answer, "--request", str(request_file), "--ledger")
    assert (ended.code, ended.err) == (0, "")
    assert "the signature is good" in ended.out
    assert ended.out.splitlines()[1:3] == ["the answer is this one", "the request is this one"]
    assert " agrees" in ended.out


def test_another_answer_or_request_is_not_proven(url: str, answer: Path, request_file: Path) -> None:
    receipt = receipted(url)
    request_file.write_bytes(REQUEST + b" ")
    ended = prove(receipt, answer, "--request", str(request_file))
    assert (ended.code, ended.err) == (1, "BROKEN: the request is another\n")
    answer.write_bytes(ANSWER + b" ")
    ended = prove(receipt, answer)
    assert (ended.code, ended.err) == (1, "BROKEN: the answer is another\n")


def test_who_has_the_public_key_alone_can_check_a_receipt(
    url: str, answer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = receipted(url)
    (tmp_path / "jwk.json").write_text(call("ledger", "key").out)
    monkeypatch.delenv("MOODMARKER_LEDGER")
    monkeypatch.delenv("MOODMARKER_LEDGER_KEY")
    assert prove(receipt, answer, "--key", str(tmp_path / "jwk.json")).code == 0
    ended = prove(receipt, answer)
    assert ended.code == 2
    assert "MOODMARKER_LEDGER_KEY: no ledger is kept" in ended.err


def test_a_receipt_that_was_changed_or_made_by_another_is_refused(url: str, answer: Path, tmp_path: Path) -> None:
    receipt = receipted(url)
    head, content, signature = receipt.split(".")
    other = LedgerKeys(SecretStr("the-secret-of-somebody-else-altogether"))
    _, others, _ = receipted(url, other).split(".")
    for forged in (f"{head}.{others}.{signature}", f"{head}.{content}.{signature[:-4]}AAAA"):
        ended = prove(forged, answer)
        assert ended.code == 1
        assert "signature is wrong" in ended.err
    ended = prove(receipted(url, other), answer)
    assert ended.code == 2
    assert "signed with another key" in ended.err
    (tmp_path / "other.json").write_text(json.dumps({"keys": [other.public.jwk]}))
    assert prove(receipted(url, other), answer, "--key", str(tmp_path / "other.json")).code == 0


def test_a_row_that_says_something_else_than_the_receipt_is_told(url: str, answer: Path) -> None:
    receipt = receipted(url)
    changed(url, "UPDATE moodmarker_ledger SET rule_set = 'other' WHERE seq = 7")
    ended = prove(receipt, answer, "--ledger")
    assert (ended.code, "was changed" in ended.err) == (1, True)


def test_old_rows_are_deleted_and_what_was_said_of_them_cannot_be_told_any_more(url: str, answer: Path) -> None:
    receipt = receipted(url)
    assert "Nothing was old enough" in call("ledger", "prune", "--days", "30").out
    name = asyncio.run(_recorded(url, [entry(at=time.time_ns() // 1000 - 40 * DAY) for _ in range(7)]))
    ended = call("ledger", "prune", "--days", "30")
    assert (ended.code, ended.out) == (0, f"{name}  7 rows deleted, up to row 7\n")
    assert verify().code == 0
    ended = verify("--expect", f"{name}:3")
    assert (ended.code, f"UNSURE: row 3 of {name} was pruned" in ended.err) == (2, True)
    assert prove(receipt, answer, "--ledger").code == 0


def test_a_broken_chain_is_not_pruned(url: str) -> None:
    name = asyncio.run(_recorded(url, [entry(at=1) for _ in range(7)]))
    changed(url, "UPDATE moodmarker_ledger SET caller = 'other' WHERE seq = 3")
    ended = call("ledger", "prune", "--days", "30")
    assert (ended.code, ended.err) == (1, f"{name}  left as it is: row 3 was changed\n")
    assert asked(url, "SELECT count(*) FROM moodmarker_ledger") == [(7,)]


def test_heads_of_an_earlier_key_are_checked_with_its_public_key(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(written(url))
    (tmp_path / "old.json").write_text(call("ledger", "key").out)
    monkeypatch.setenv("MOODMARKER_LEDGER_KEY", "the-newer-secret-of-the-same-ledger-here")
    ended = verify()
    assert (ended.code, "was signed with another key" in ended.err) == (2, True)
    assert verify("--key", str(tmp_path / "old.json")).code == 0


@pytest.mark.parametrize(
    ("content", "text"), [(None, "No such file"), ("[]", "neither a JWK nor a set"), ('{"keys":[]}', "no Ed25519 key")]
)
def test_a_file_that_holds_no_key_is_told(url: str, tmp_path: Path, content: str | None, text: str) -> None:
    asyncio.run(written(url))
    if content is not None:
        (tmp_path / "key.json").write_text(content)
    ended = verify("--key", str(tmp_path / "key.json"))
    assert (ended.code, text in ended.err) == (2, True)


def test_a_ledger_that_cannot_be_read_ends_with_2(url: str, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"a letter, not a database" * 100)
    for command in (("verify",), ("prune", "--days", "3")):
        ended = call("ledger", *command)
        assert (ended.code, "MOODMARKER_LEDGER is a file of another kind" in ended.err) == (2, True)


@pytest.mark.parametrize("is_earlier", [True, False])
def test_a_ledger_of_an_earlier_version_is_left_as_it_is_and_the_remedy_told(url: str, is_earlier: bool) -> None:
    if is_earlier:
        asyncio.run(written(url))
        changed(url, "UPDATE moodmarker_schema SET version_num = '0003'")
    for command in (("verify",), ("prune", "--days", "3")):
        ended = call("ledger", *command)
        assert ended.code == 2
        assert "MOODMARKER_LEDGER has not the tables of this version yet; start the service once" in ended.err
    tables = asked(url, "SELECT count(*) FROM sqlite_master WHERE name = 'moodmarker_ledger'")
    assert tables == [(int(is_earlier),)]


def test_a_ledger_of_a_newer_version_is_told(url: str) -> None:
    asyncio.run(written(url))
    changed(url, "UPDATE moodmarker_schema SET version_num = '9999'")
    for command in (("verify",), ("prune", "--days", "3")):
        ended = call("ledger", *command)
        assert (ended.code, "was made by a newer version; run that version" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("good", 0), ("changed", 1), ("of another key", 2), ("of another algorithm", 1), ("no receipt", 1)],
)
def test_a_receipt_ends_both_commands_with_the_same_code(url: str, answer: Path, kind: str, code: int) -> None:
    receipt = receipted(url)
    _, content, signature = receipt.split(".")
    if kind == "changed":
        receipt = receipt[:-4] + "AAAA"
    elif kind == "of another key":
        receipt = receipted(url, LedgerKeys(SecretStr("the-secret-of-somebody-else-altogether")))
    elif kind == "of another algorithm":
        receipt = f"{as_text(json.dumps({'alg': 'none', 'kid': 'x'}).encode())}.{content}.{signature}"
    elif kind == "no receipt":
        answer.with_name("receipt").write_text("another key")
        receipt = str(answer.with_name("receipt"))
    assert (prove(receipt, answer).code, verify("--receipt", receipt).code) == (code, code)


def test_what_the_exit_codes_mean_is_in_the_help() -> None:
    for command in (("ledger", "verify"), ("receipt", "verify")):
        text = " ".join(call(*command, "--help").out.split())
        assert "0 all is whole; 1 something is broken" in text
        assert "2 it cannot be told (a chain that ended without a closing head" in text


def test_the_service_does_not_start_on_a_ledger_that_cannot_be_used(url: str, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"a letter, not a database" * 100)
    ended = call("serve", "--port", "0")
    assert (ended.code, "MOODMARKER_LEDGER is a file of another kind" in ended.err) == (2, True)
