"""Does `moodmarker rules --feedback` tell what clinicians did with the cards of each rule?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.rules import RULES
from service.security.hooks import store_key
from service.store import CardFeedback, Store
from tests.cli.calling import call

KEY = "k" * 32
ONE, OTHER = RULES[2].name, RULES[5].name


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOODMARKER_SERVICE_KEY", KEY)
    monkeypatch.setenv("MOODMARKER_STORE", f"sqlite:///{tmp_path}/store.db")
    return tmp_path / "store.db"


def report(file: Path, *items: tuple[str, str, str, str]) -> None:
    async def take() -> None:
        store = await Store.open(f"sqlite:///{file}", store_key(SecretStr(KEY)))
        cards = (
            CardFeedback(f"card {number}", rule, version, "ab", outcome, reason, None)
            for number, (rule, version, outcome, reason) in enumerate(items)
        )
        await store.take_feedback(cards)
        await store.close()

    asyncio.run(take())


def cells(printed: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in printed.splitlines()]


def test_each_version_of_a_rule_has_its_share_and_its_reasons(file: Path) -> None:
    report(
        file,
        (ONE, "1.0.0", "accepted", ""),
        (ONE, "1.0.0", "accepted", ""),
        (ONE, "1.0.0", "overridden", "disagree"),
        (ONE, "1.0.0", "overridden", "other"),
        (ONE, "1.0.0", "overridden", "other"),
        (ONE, "1.0.0", "overridden", ""),
        (ONE, "1.1.0", "accepted", ""),
        (OTHER, "", "overridden", ""),
        ("", "", "overridden", "not-now"),
    )
    called = call("rules", "--feedback")
    assert called.code == 0
    head, *rows = cells(called.out)
    assert head == ["Rule", "Version", "Accepted", "Overridden", "Share accepted", "Reasons for overriding"]
    assert sorted(rows) == sorted(
        [
            ["-", "-", "0", "1", "0%", "not-now 1"],
            [ONE, "1.0.0", "2", "4", "33%", "other 2, disagree 1"],
            [ONE, "1.1.0", "1", "0", "100%", "-"],
            [OTHER, "-", "0", "1", "0%", "-"],
        ]
    )


def test_one_rule_is_told_alone(file: Path) -> None:
    report(file, (ONE, "1.0.0", "accepted", ""), (OTHER, "1.0.0", "accepted", ""))
    called = call("rules", ONE, "--feedback")
    assert [row[0] for row in cells(called.out)[1:]] == [ONE]


def test_where_nothing_was_reported_that_is_said(file: Path) -> None:
    called = call("rules", "--feedback")
    assert (called.code, called.out.strip()) == (0, "No client has reported yet what became of a card.")


def test_a_rule_that_there_is_not_is_told(file: Path) -> None:
    called = call("rules", "suicidality-record", "--feedback")
    assert called.code == 2
    assert "Did you mean suicidality-recorded?" in called.err


def test_without_a_service_key_the_setting_is_named() -> None:
    called = call("rules", "--feedback")
    assert called.code == 2
    assert "MOODMARKER_SERVICE_KEY" in called.err


def test_a_store_that_cannot_be_opened_is_told(file: Path) -> None:
    file.write_bytes(b"a letter, not a database" * 100)
    called = call("rules", "--feedback")
    assert called.code == 2
    assert "file of another kind" in called.err
