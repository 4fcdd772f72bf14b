"""Is everything noticed that somebody may do to a ledger who can write to its database, and has not its key?"""

# ruff: noqa: S608 - the statements are put together of what stands here

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.security.ledger_keys import LedgerKeys
from service.store.ledger_chain import CLOSING, PERIODIC, PRUNED, End, Entry, Head, Row, next_row, signed_head
from service.store.ledger_verifying import Known, look_up
from tests.store.ledgers import KEYS, asked, changed, entry, found, opened, reading, the_one, written

pytestmark = pytest.mark.anyio
OTHERS = LedgerKeys(SecretStr("the-secret-of-somebody-else-altogether"))
ROWS, HEADS = "moodmarker_ledger", "moodmarker_ledger_head"
NUMBERS = {"seq", "at", "duration"}


def faults(url: str) -> str:
    return "; ".join(the_one(url).faults)


async def test_a_ledger_that_nobody_touched_is_whole(url: str) -> None:
    await written(url)
    chain = the_one(url)
    assert (chain.faults, chain.doubts, chain.ending, chain.last.seq) == ((), (), "closed", 12)
    assert [(one.head.seq, one.head.kind) for one in chain.trusted] == [(5, PERIODIC), (10, PERIODIC), (12, CLOSING)]


@pytest.mark.parametrize("column", [name for name in Row._fields if name not in ("writer", "seq")])
async def test_a_change_of_any_column_is_found(url: str, column: str) -> None:
    await written(url)
    value = f"{column} + 1" if column in NUMBERS else f"{column} || 'x'"
    changed(url, f"UPDATE {ROWS} SET {column} = {value} WHERE seq = 7")
    assert "row 7 was changed" in faults(url)


async def test_a_change_of_the_last_row_of_which_the_head_alone_knows_is_found(url: str) -> None:
    name = await written(url)
    rows = [Row(*row) for row in asked(url, f"SELECT {', '.join(Row._fields)} FROM {ROWS} ORDER BY seq")]
    other = next_row(name, End(11, rows[10].hash), entry(caller="nobody"))
    for column in (*Entry._fields, "hash"):
        changed(url, f"UPDATE {ROWS} SET {column} = :value WHERE seq = 12", value=getattr(other, column))
    assert faults(url) == "row 12 is not the one that its closing head was signed for"


async def test_a_chain_that_was_written_anew_without_the_key_is_found(url: str) -> None:
    name = await written(url)
    rows = [Row(*row) for row in asked(url, f"SELECT {', '.join(Row._fields)} FROM {ROWS} ORDER BY seq")]
    end = End(5, rows[4].hash)
    for old in rows[5:]:
        new = next_row(name, end, Entry(*old[2:-2])._replace(subject="another"))
        end = End(new.seq, new.hash)
        changed(
            url,
            f"UPDATE {ROWS} SET subject = 'another', prev = :prev, hash = :hash WHERE seq = :seq",
            **{part: getattr(new, part) for part in ("prev", "hash", "seq")},
        )
    assert "row 10 is not the one that its periodic head was signed for" in faults(url)


@pytest.mark.parametrize(("seq", "text"), [(1, "rows 1 to 1 are missing"), (7, "rows 7 to 7 are missing")])
async def test_a_row_that_was_taken_out_is_found(url: str, seq: int, text: str) -> None:
    await written(url)
    changed(url, f"DELETE FROM {ROWS} WHERE seq = {seq}")
    assert text in faults(url)


async def test_a_beginning_that_was_cut_off_is_found(url: str) -> None:
    await written(url)
    changed(url, f"DELETE FROM {ROWS} WHERE seq <= 5")
    assert "rows 1 to 5 are missing" in faults(url)


async def test_a_tail_that_was_cut_off_is_found(url: str) -> None:
    await written(url)
    changed(url, f"DELETE FROM {ROWS} WHERE seq > 8")
    assert "row 10, for which a periodic head was signed, is missing" in faults(url)


async def test_all_rows_cut_off_is_found(url: str) -> None:
    await written(url)
    changed(url, f"DELETE FROM {ROWS}")
    assert "row 5, for which a periodic head was signed, is missing" in faults(url)


async def test_a_head_that_was_taken_out_is_found_by_the_next(url: str) -> None:
    await written(url)
    changed(url, f"DELETE FROM {HEADS} WHERE seq = 5")
    assert faults(url) == "a head before the one at row 10 is missing"


async def test_a_tail_cut_off_with_its_heads_cannot_be_told_from_a_crash_but_by_somebody_outside(url: str) -> None:
    name = await written(url)
    changed(url, f"DELETE FROM {ROWS} WHERE seq > 7", f"DELETE FROM {HEADS} WHERE seq > 7")
    chain = the_one(url)
    assert chain.faults == ()
    assert chain.doubts == ("it ended without a closing head at row 7: a crash, or a cut tail",)
    with reading(url) as engine:
        lost = look_up(engine, Known(name, 10), [KEYS.public])
        kept = look_up(engine, Known(name, 7), [KEYS.public])
    assert lost.broken == f"row 10 of {name} is missing: its chain ends at row 7"
    assert kept == ("", "")


async def test_rows_that_changed_places_are_found(url: str) -> None:
    await written(url)
    changed(
        url,
        f"UPDATE {ROWS} SET seq = 100 WHERE seq = 6",
        f"UPDATE {ROWS} SET seq = 6 WHERE seq = 7",
        f"UPDATE {ROWS} SET seq = 7 WHERE seq = 100",
    )
    assert "row 6 was changed; row 6 does not follow row 5 as it is now; row 7 was changed" in faults(url)


async def test_a_row_of_another_chain_is_found(url: str) -> None:
    first = await written(url)
    second = await written(url)
    changed(
        url,
        f"DELETE FROM {ROWS} WHERE writer = :first AND seq = 7",
        f"UPDATE {ROWS} SET writer = :first WHERE writer = :second AND seq = 7",
        first=first,
        second=second,
    )
    by_name = {chain.writer: "; ".join(chain.faults) for chain in found(url)}
    assert "row 7 was changed; row 7 does not follow row 6" in by_name[first]
    assert "rows 7 to 7 are missing" in by_name[second]


async def test_rows_that_were_added_after_the_end_are_found(url: str) -> None:
    name = await written(url)
    last = Row(*asked(url, f"SELECT {', '.join(Row._fields)} FROM {ROWS} WHERE seq = 12")[0])
    added = next_row(name, End(12, last.hash), entry())
    columns = ", ".join(f":{part}" for part in Row._fields)
    changed(url, f"INSERT INTO {ROWS} ({', '.join(Row._fields)}) VALUES ({columns})", **added._asdict())
    assert faults(url) == "rows come after row 12, at which the chain was closed"


@pytest.mark.parametrize("column", [name for name in Head._fields if name not in ("writer", "kid")])
async def test_a_head_of_which_anything_was_changed_is_found(url: str, column: str) -> None:
    await written(url)
    value = f"{column} + 1" if column in ("seq", "number", "at") else f"{column} || 'x'"
    changed(url, f"UPDATE {HEADS} SET {column} = {value} WHERE seq = 10")
    assert "was changed, or made by somebody else" in faults(url)


async def test_a_head_signed_by_somebody_else_is_not_believed(url: str) -> None:
    name = await written(url)
    (seq, hash_, at), *_ = asked(url, f"SELECT seq, hash, at FROM {HEADS} WHERE seq = 10")
    forged = signed_head(OTHERS, name, End(seq, hash_, 2), PERIODIC, at)
    changed(url, f"UPDATE {HEADS} SET signature = :signature WHERE seq = 10", signature=forged.signature)
    assert "the periodic head at row 10 was changed, or made by somebody else" in faults(url)
    changed(url, f"UPDATE {HEADS} SET kid = :kid WHERE seq = 10", kid=forged.kid)
    assert "the periodic head at row 10 was signed with another key" in "; ".join(the_one(url).doubts)


async def test_rows_deleted_as_retention_would_are_found_without_its_signature(url: str) -> None:
    name = await written(url)
    ((hash_,),) = asked(url, f"SELECT hash FROM {HEADS} WHERE seq = 5")
    made = signed_head(OTHERS, name, End(5, hash_, 1), PRUNED, 1)._replace(kid=KEYS.public.kid)
    columns = ", ".join(f":{part}" for part in Head._fields)
    changed(
        url,
        f"DELETE FROM {ROWS} WHERE seq <= 5",
        f"DELETE FROM {HEADS} WHERE seq = 5",
        f"INSERT INTO {HEADS} ({', '.join(Head._fields)}) VALUES ({columns})",
        **made._asdict(),
    )
    assert "the pruned head at row 5 was changed, or made by somebody else" in faults(url)
    assert "rows 1 to 5 are missing" in faults(url)


async def test_a_chain_that_is_being_written_is_whole_and_one_whose_writer_is_silent_has_ended(url: str) -> None:
    ledger = await opened(url)
    await ledger.record(entry())
    assert (the_one(url).ending, the_one(url).doubts) == ("being written", ())
    changed(url, "UPDATE moodmarker_ledger_writer SET seen_at = seen_at - 61")
    assert the_one(url).ending == "ended without a closing head"
    await ledger.close()
    assert (the_one(url).ending, the_one(url).doubts) == ("closed", ())


async def test_a_value_of_another_type_that_reads_the_same_is_found(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = await opened(url)
    # In JSON the bytes "abc" are written as this text.
    await ledger.record(entry(subject="YWJj"))
    await ledger.close()
    changed(url, f"UPDATE {ROWS} SET subject = x'616263'")
    assert faults(url) == "row 1 was changed"
