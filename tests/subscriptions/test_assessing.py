"""Is a patient of the queue assessed and written for, and what did not come about told?"""

from __future__ import annotations

import asyncio

import pytest

from service.assessment import CheckOptions, Context, Written
from service.assessment.checking import Answer
from service.errors import InvalidParameter
from service.fhir.client.faults import Fault
from service.store import Work
from service.subscriptions import assessing
from service.subscriptions.assessing import NotStored
from tests.subscriptions.fhir_server import answering
from tests.subscriptions.notices import observation
from tests.subscriptions.parts import Parts, open_parts, with_parts

WORK = Work("main", "ada", 1, 0)


def written(refused: int = 0, target: str = "flag") -> Written:
    return Written(Answer(b"{}", False, (("rule", "MET"),), 3), 1, 0, refused, target)


def test_a_patient_is_assessed_and_written_for(
    database: str, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def write(patient: str, body: bytes, options: CheckOptions, *_: object, **__: object) -> Written:
        asked.append((patient, body, options.first("server")))
        return written()

    async def test(parts: Parts) -> None:
        await parts.assess(WORK)
        assert b'moodmarker_verdicts_total{rule="rule",verdict="MET"} 1.0' in parts.metrics.text()

    monkeypatch.setattr(assessing, "assess_and_write", write)
    with_parts(database, context, test)
    assert asked == [("ada", b"", "main")]


def test_what_was_assessed_on_a_part_of_the_data_is_not_done(
    database: str, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(*_: object, **__: object) -> Written:
        return written()._replace(missing=frozenset({"Observation"}))

    async def test(parts: Parts) -> None:
        with pytest.raises(assessing.NotWhole, match="did not give all of: Observation"):
            await parts.assess(WORK)

    monkeypatch.setattr(assessing, "assess_and_write", write)
    with_parts(database, context, test)


def test_what_was_not_stored_is_a_failure(database: str, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    async def write(*_: object, **__: object) -> Written:
        return written(refused=2)

    async def test(parts: Parts) -> None:
        with pytest.raises(NotStored, match="did not store 2 resources"):
            await parts.assess(WORK)

    monkeypatch.setattr(assessing, "assess_and_write", write)
    with_parts(database, context, test)


@pytest.mark.parametrize(
    ("work", "server", "text"),
    [
        (WORK._replace(server="gone"), {}, "no longer configured"),
        (WORK, {"write": False}, "may not be written to"),
        (WORK, {}, "neither flags nor tasks"),
    ],
)
def test_what_can_lead_to_nothing_is_told_once(
    database: str,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    work: Work,
    server: dict[str, bool],
    text: str,
) -> None:
    async def write(*_: object, **__: object) -> Written:
        return written(target="none")

    async def test(parts: Parts) -> None:
        for _ in range(3):
            await parts.assess(work)

    monkeypatch.setattr(assessing, "assess_and_write", write)
    with_parts(database, context, test, **server)
    assert capsys.readouterr().out.count(text) == 1


@pytest.mark.parametrize("deleted", [False, True])
def test_a_resource_makes_room_for_its_patient(database: str, context: Context, deleted: bool) -> None:
    async def test(parts: Parts) -> None:
        await parts.assess(WORK._replace(patient="Observation/1"))
        assert await parts.queue() == ["ada"]

    with answering() as fhir:
        if deleted:
            fhir.history["Observation/1"] = [{"resourceType": "Basic"}, observation("1")]
        else:
            fhir.resources["Observation/1"] = observation("1")
        with_parts(database, context, test)


@pytest.mark.parametrize("kept", [{}, {"Observation/1": observation("1", "Group/2")}])
def test_a_resource_of_nobody_is_told(
    database: str, context: Context, capsys: pytest.CaptureFixture[str], kept: dict[str, dict[str, object]]
) -> None:
    async def test(parts: Parts) -> None:
        await parts.assess(WORK._replace(patient="Observation/1"))
        assert await parts.queue() == []
        assert b'moodmarker_queue_work_total{result="nobody"} 1.0' in parts.metrics.text()

    with answering() as fhir:
        fhir.resources.update(kept)
        with_parts(database, context, test)
    assert "about nobody who can be found" in capsys.readouterr().out


@pytest.mark.parametrize("address", ["GET Observation/1", "GET Observation/1/_history"])
def test_a_server_that_does_not_say_whose_a_resource_is_is_asked_again(
    database: str, context: Context, address: str
) -> None:
    async def test(parts: Parts) -> None:
        with pytest.raises(Fault):
            await parts.assess(WORK._replace(patient="Observation/1"))

    with answering() as fhir:
        fhir.refuses[address] = 500
        with_parts(database, context, test)


def test_a_history_that_is_read_in_part_and_names_nobody_is_asked_for_again(database: str, context: Context) -> None:
    async def test(parts: Parts) -> None:
        with pytest.raises(Fault):
            await parts.assess(WORK._replace(patient="Observation/1"))

    with answering() as fhir:
        fhir.history["Observation/1"] = [{"resourceType": "Basic"}]
        fhir.next_page["Observation/1/_history"], fhir.refuses["GET Observation/1/_history?"] = (
            "Observation/1/_history?page=2",
            500,
        )
        with_parts(database, context, test)


def test_an_id_that_is_none_is_never_asked_for(database: str, context: Context) -> None:
    async def run() -> None:
        async with open_parts(database, context) as parts:
            with pytest.raises(InvalidParameter):
                await parts.assess(WORK._replace(patient=".."))

    with answering() as fhir:
        asyncio.run(run())
        assert fhir.asked == []
