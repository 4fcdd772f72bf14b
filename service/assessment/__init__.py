"""The one application service: bytes of a request in, bytes of the answer out; no HTTP words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.assessment.context import Context
from service.assessment.options import CheckOptions, chosen
from service.domain.assessing import assess as assess_chart
from service.errors import BodyTooLarge, BodyUnreadable
from service.fhir.reading.bundle import read_bundle
from service.fhir.reading.request import read_request
from service.fhir.writing import write_answer

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Answer", "CheckOptions", "Context", "assess"]


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
    if len(request.bundle.entries) > context.max_entries:
        raise BodyTooLarge(f"The Bundle has more than {context.max_entries} entries; send fewer.", "Bundle.entry")
    reading = read_bundle(
        request.bundle,
        context.terminology,
        context.zone,
        choices.incomplete,
        strict=choices.strict,
        subject=choices.subject,
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
