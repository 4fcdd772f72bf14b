"""One check: bytes of a request, or what was fetched of a patient, in; bytes of the answer out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from service.assessment.aside import LARGE_BYTES, in_a_thread
from service.assessment.options import chosen
from service.assessment.recording import NOT_RECORDED, Decided
from service.assessment.verdicts import shadow_of, unknown_of, verdicts_of
from service.domain.assessing import assess as assess_chart
from service.errors import BodyTooLarge, BodyUnreadable
from service.fhir.reading.bundle import read_bundle
from service.fhir.reading.coverage import SAID_BY_CALLER
from service.fhir.reading.request import RequestBody, read_request
from service.fhir.writing import write_answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from service.assessment.aside import Aside
    from service.assessment.context import Context
    from service.assessment.options import CheckOptions, Choices
    from service.assessment.recording import Recorded, Recording
    from service.assessment.servers import Servers
    from service.fhir.client.fetching import Fetched
    from service.fhir.reading.account import Reading
    from service.fhir.reading.receiving import Received


class Answer(NamedTuple):
    """The answer's bytes, and what an edge may tell without reading them.

    `urgent`: an own flag of the highest priority is active. `verdicts` are (rule name, verdict name) pairs, and
    `shadow` those of the rules that are tried out, of which the answer says nothing. `unknown` are the rules that
    could not be judged, with why. `decided` is what a record is made of, `recorded` what was made where the operation
    itself does it.
    """

    body: bytes
    urgent: bool
    verdicts: tuple[tuple[str, str], ...]
    entries: int
    shadow: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    decided: Decided | None = None
    recorded: Recorded | None = None


def assess(body: bytes, options: CheckOptions, context: Context, now: datetime) -> Answer:
    """Answers one check; `now` (with an offset) is the as-of instant when none is asked for. Raises `Problem`."""
    return _answer(*_sent(body, options, context, now), context, body)


def _sent(body: bytes, options: CheckOptions, context: Context, now: datetime) -> tuple[Reading, Choices]:
    """What was sent; what was decoded of it goes before the evaluation begins, which then works in its place."""
    request = read_request(body, context.limits)
    choices = chosen(request.parameters, options, context, now)
    if request.bundle is None:
        raise BodyUnreadable("There are no data: send a Bundle, or Parameters with a Bundle in the parameter `data`.")
    return read(request.bundle, choices, context, {}), choices


async def assess_patient(
    patient: str,
    body: bytes,
    options: CheckOptions,
    context: Context,
    servers: Servers,
    now: datetime,
    *,
    aside: Aside = in_a_thread,
    recording: Recording = NOT_RECORDED,
) -> Answer:
    """Answers one check of a patient, by id, whose data are fetched; `body` holds parameters or nothing.

    Raises `Problem`; what could not be fetched is not covered, so that nothing is concluded from its absence.
    """
    choices = chosen(read_parameters(body, context).parameters, options, context, now, "instance")
    fetched = await servers.fetch(choices.server, patient, choices.as_of.day)
    own = about(patient, choices)
    work = partial(_answer_fetched, fetched, own, context)
    answer = await aside(work) if is_long_work(fetched, own) else work()
    return answer._replace(recorded=await recording.of(answer.decided))


def read_parameters(body: bytes, context: Context) -> RequestBody:
    """The parameters for a patient who is fetched; raises `BodyUnreadable` where data are sent as well."""
    request = read_request(body, context.limits) if body.strip() else RequestBody({}, None)
    if request.bundle is not None:
        raise BodyUnreadable("The data of a Patient are fetched; send Parameters without `data`.")
    return request


def about(patient: str, choices: Choices) -> Choices:
    """The choices with the patient who is fetched as their subject, unless the caller named one."""
    return choices._replace(subject=choices.subject or f"Patient/{patient}")


def is_long_work(fetched: Fetched, choices: Choices) -> bool:
    """Whether others would notice that the evaluation holds up the event loop."""
    return choices.strict or len(fetched.bundle) >= LARGE_BYTES


def received_of(fetched: Fetched, context: Context) -> Received:
    """The entries of what was fetched, which has the limits of what is sent."""
    received = read_request(fetched.bundle, context.limits).bundle
    assert received is not None  # noqa: S101 - it was put together as a Bundle
    return received


def read(received: Received, choices: Choices, context: Context, gaps: Mapping[str, str]) -> Reading:
    """What the rules read of a Bundle; raises `Problem`."""
    if len(received.entries) > context.max_entries:
        text = f"The Bundle has more than {context.max_entries} entries; send fewer."
        raise BodyTooLarge(text, "Bundle.entry", limit="max_entries")
    return read_bundle(
        received,
        context.terminology,
        context.zone,
        {**dict.fromkeys(choices.incomplete, SAID_BY_CALLER), **gaps},
        strict=choices.strict,
        subject=choices.subject,
        as_of=choices.as_of,
    )


def _answer_fetched(fetched: Fetched, choices: Choices, context: Context) -> Answer:
    received = received_of(fetched, context)
    return _answer(read(received, choices, context, fetched.gaps), choices, context, fetched.bundle)


def _answer(reading: Reading, choices: Choices, context: Context, data: bytes) -> Answer:
    whole_trace = choices.explain == "full"
    assessment = assess_chart(reading.chart, context.rule_set, choices.as_of, traced=whole_trace)
    answer = write_answer(
        assessment,
        reading,
        context.rule_set,
        explain=choices.explain,
        as_=choices.as_,
        terminology=context.terminology,
    )
    received = reading.account.received
    decided = Decided(assessment, data)
    verdicts, shadow, unknown = verdicts_of(assessment), shadow_of(assessment), unknown_of(assessment)
    return Answer(answer, assessment.urgent, verdicts, received, shadow, unknown, decided)
