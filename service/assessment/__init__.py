"""The one application service: bytes of a request in, bytes of the answer out; no HTTP words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.assessment.context import Context
from service.assessment.options import CheckOptions, Choices, chosen
from service.assessment.servers import Servers
from service.domain.assessing import assess as assess_chart
from service.errors import BodyTooLarge, BodyUnreadable
from service.fhir.reading.bundle import read_bundle
from service.fhir.reading.coverage import SAID_BY_CALLER
from service.fhir.reading.request import RequestBody, read_request
from service.fhir.writing import write_answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from service.fhir.reading.receiving import Received

__all__ = ["Answer", "CheckOptions", "Context", "Servers", "assess", "assess_patient"]


class Answer(NamedTuple):
    """The answer's bytes, and what an edge may tell without reading them.

    `urgent`: an own flag of the highest priority is active. `verdicts` are (rule name, verdict name) pairs.
    """

    body: bytes
    urgent: bool
    verdicts: tuple[tuple[str, str], ...]
    entries: int


def assess(body: bytes, options: CheckOptions, context: Context, now: datetime) -> Answer:
    """Answers one check; `now` (with an offset) is the as-of instant when none is asked for. Raises `Problem`."""
    request = read_request(body)
    choices = chosen(request.parameters, options, context, now)
    if request.bundle is None:
        raise BodyUnreadable("There are no data: send a Bundle, or Parameters with a Bundle in the parameter `data`.")
    return _answer(request.bundle, choices, context, {})


async def assess_patient(
    patient: str, body: bytes, options: CheckOptions, context: Context, servers: Servers, now: datetime
) -> Answer:
    """Answers one check of a patient, by id, whose data are fetched; `body` holds parameters or nothing.

    Raises `Problem`; what could not be fetched is not covered, so that nothing is concluded from its absence.
    """
    request = read_request(body) if body.strip() else RequestBody({}, None)
    if request.bundle is not None:
        raise BodyUnreadable("The data of a Patient are fetched; send Parameters without `data`.")
    choices = chosen(request.parameters, options, context, now, "instance")
    fetched = await servers.fetch(choices.server, patient, choices.as_of.day)
    own = choices._replace(subject=choices.subject or f"Patient/{patient}")
    received = read_request(fetched.bundle).bundle
    assert received is not None  # noqa: S101 - it was put together as a Bundle
    return _answer(received, own, context, fetched.gaps)


def _answer(received: Received, choices: Choices, context: Context, gaps: Mapping[str, str]) -> Answer:
    if len(received.entries) > context.max_entries:
        raise BodyTooLarge(f"The Bundle has more than {context.max_entries} entries; send fewer.", "Bundle.entry")
    reading = read_bundle(
        received,
        context.terminology,
        context.zone,
        {**dict.fromkeys(choices.incomplete, SAID_BY_CALLER), **gaps},
        strict=choices.strict,
        subject=choices.subject,
        as_of=choices.as_of,
    )
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
    verdicts = tuple((result.rule.name, result.verdict.name) for result in assessment.results)
    return Answer(answer, assessment.urgent, verdicts, reading.account.received)
