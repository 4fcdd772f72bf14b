"""One call of a hook: data gathered, rules judged, and the few cards that are worth a clinician's attention."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from service.assessment.aside import LARGE_BYTES
from service.assessment.checking import is_long_work, read, received_of
from service.assessment.options import Choices
from service.assessment.recording import Decided
from service.assessment.verdicts import verdicts_of
from service.cds_hooks.completing import NOT_NAMED
from service.cds_hooks.composing import Composer, Found, HookAnswer
from service.cds_hooks.gathering import Gathered, Source, gather, gather_sent, parts_of
from service.cds_hooks.repeats import Audience, known_as
from service.cds_hooks.request import read_hook_request
from service.cds_hooks.templates import templates
from service.domain.assessing import assess as assess_chart
from service.domain.closing import OPEN
from service.domain.days import AsOf
from service.domain.evidence import rows
from service.domain.findings import FlagState
from service.errors import InvalidParameter, MixedPatients
from service.fhir.reading.account import Reason
from service.fhir.writing.answer import entries_to_store
from service.security.cds_clients import NOBODY, Caller
from service.security.certificates import trusting
from service.security.sockets import Outbound, Sent, pooled, public_authorities, uncounted
from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import httpx

    from service.assessment import Context
    from service.assessment.aside import Aside
    from service.cds_hooks.prefetch import Part
    from service.cds_hooks.repeats import Guard
    from service.cds_hooks.request import HookRequest
    from service.cds_hooks.templates import Template
    from service.domain.facts import PriorFlag
    from service.domain.facts import Source as Evidence
    from service.domain.findings import Assessment, FlagFinding
    from service.settings import Settings

# What was sent, and is lost to rules that look for it.
_UNREAD: Final = frozenset({Reason.WRONG_TYPE, Reason.TOO_DEEP})
_ENTRY: Final = re.compile(r"Bundle\.entry\[(\d+)\]")


class _Code(msgspec.Struct, gc=False):
    text: str = ""


class _Flag(msgspec.Struct, gc=False):
    code: _Code = msgspec.field(default_factory=_Code)


_FLAG: Final = msgspec.json.Decoder(_Flag)


class HookService:
    """Answers hooks; what it needs for every request is made once."""

    def __init__(self, settings: Settings, context: Context, guard: Guard, key: bytes, sent: Sent = uncounted) -> None:
        """`guard` remembers what was shown, `key` signs the uuids of cards."""
        self._settings = settings
        self._context = context
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._trust = {
            name: trusting(name, client.ca_file, "cds_clients")
            for name, client in settings.cds_clients.items()
            if client.ca_file is not None
        }
        self._sent_out = sent
        self._guard = guard
        self._composer = Composer(settings, context.rule_set, key)
        # Where callers have to say who they are to have a patient fetched, nobody has one fetched this way either.
        own = (server.url for server in settings.servers.values())
        closed = settings.demands_credentials or settings.cds_unauthenticated
        self._for_nobody = frozenset() if closed else frozenset(own)
        rules = context.rule_set
        self.templates = templates([rule for rule in rules.rules if rule.name not in rules.off], context.terminology)
        _require_keys(settings, self.templates)

    async def answer(self, body: bytes, caller: Caller, now: datetime, aside: Aside) -> HookAnswer:
        """The cards for one request; raises `Problem` where nothing can be said."""
        reading = partial(self._sent, body, caller)
        request, sent = await aside(reading) if len(body) >= LARGE_BYTES else reading()
        gathered = await gather(request, sent, self._source(request, caller))
        choices = self._choices(request, now)
        work = partial(self._found, gathered, choices)
        found = await aside(work) if is_long_work(gathered.fetched, choices) else work()
        audience = Audience(caller.name, request.user, request.patient, request.instance)
        digests = self._digests(found, audience)
        known = await self._guard.known(audience, digests.values())
        repeated = _known(found.assessment) | {flag for flag, digest in digests.items() if digest in known}
        takes_actions = caller.client is not None and caller.client.system_actions
        composed = partial(self._composer.compose, found, request.instance, repeated, closes=takes_actions)
        answer = await aside(composed) if is_long_work(gathered.fetched, choices) else composed()
        shown = [digests[flag.identifier] for flag in answer.alone if flag.identifier in digests]
        remember = partial(self._guard.remember, audience, shown)
        fetched = gathered.fetched.bundle if gathered.fetched.requests else b""
        decided = Decided(found.assessment, body, fetched, answer.told)
        return answer._replace(remember=remember, decided=decided)

    def answer_sent(self, body: bytes, now: datetime) -> HookAnswer:
        """As `answer`, of what was sent alone, to a client that nothing is known of or remembered about."""
        request, sent = self._sent(body, NOBODY)
        found = self._found(gather_sent(request, sent, NOT_NAMED), self._choices(request, now))
        return self._composer.compose(found, request.instance, _known(found.assessment), closes=False)

    async def close(self) -> None:
        """Lets go of the sockets to the clients' FHIR servers."""
        for client in self._clients.values():
            await client.aclose()

    def _sockets(self, own: str) -> httpx.AsyncClient:
        """Made when first needed: where everything is sent along, nothing is fetched.

        `own` is the client that has authorities of its own, which vouch for its servers alone; empty for the others.
        """
        if own not in self._clients:
            clients = self._settings.cds_clients.items()
            mine = {url: name for name, one in clients for url in one.fhir_servers if own in ("", name)}
            addresses = mine if own else mine | dict.fromkeys(self._for_nobody, "servers")
            outbound = Outbound("cds-hooks", addresses, self._sent_out)
            trust = self._trust.get(own) or public_authorities()
            self._clients[own] = pooled(trust, self._settings.cds_seconds, outbound)
        return self._clients[own]

    def _sent(self, body: bytes, caller: Caller) -> tuple[HookRequest, list[Part]]:
        """The request, and what came under each key that can have something in it at the client."""
        request = read_hook_request(body)
        not_held = caller.client.not_held if caller.client is not None else ()
        asked = [template for template in self.templates if template.resource_type not in not_held]
        return request, parts_of(request, asked)

    def _source(self, request: HookRequest, caller: Caller) -> Source:
        listed = request.server in (self._for_nobody if caller.client is None else caller.client.fhir_servers)
        sockets = partial(self._sockets, caller.name if caller.name in self._trust else "")
        return Source(sockets, self._settings.cds_seconds, self._settings.max_decompressed_bytes, listed)

    def _choices(self, request: HookRequest, now: datetime) -> Choices:
        as_of = AsOf(now, self._context.zone, self._context.rule_set.time_zone)
        return Choices(
            as_of, frozenset(), "none", strict=False, as_="transaction", subject=f"Patient/{request.patient}"
        )

    def _found(self, gathered: Gathered, choices: Choices) -> Found:
        try:
            fetched = gathered.fetched
            reading = read(received_of(fetched, self._context), choices, self._context, fetched.gaps)
        except MixedPatients as mixed:
            raise _of_another(gathered, mixed.expression) from None
        # What is about suicide has a rule of its own that tells it.
        unread = (one for one in reading.rejections if one.reason_code in _UNREAD and not one.safety)
        gathered = gathered.with_unread(int(place[1]) for one in unread if (place := _ENTRY.match(one.expression)))
        assessment = assess_chart(reading.chart, self._context.rule_set, choices.as_of, traced=False)
        entries = entries_to_store(assessment, reading)
        said = {
            flag.identifier: _said(reading.prior_flags_raw[flag.prior.entry])
            for flag in assessment.flags
            if flag.state is FlagState.UNCHANGED and flag.prior is not None
        }
        return Found(gathered, assessment, entries, verdicts_of(assessment), reading.account.received, said)

    def _digests(self, found: Found, audience: Audience) -> dict[str, str]:
        """What each finding is remembered by where no Flag of the record tells; never of what warns of danger."""
        if not found.gathered.lacks("Flag"):
            return {}
        assessment = found.assessment
        return {
            flag.identifier: self._guard.digest(audience, flag, rows(assessment.chart, flag.evidence))
            for flag in assessment.flags
            if flag.state is FlagState.ACTIVE and not flag.rule.safety
        }


def _require_keys(settings: Settings, asked: Iterable[Template]) -> None:
    """Raises `SettingsError` for types that nobody asks for, and for a client without any that warn of danger."""
    others = {template.resource_type: template.is_safety for template in asked if template.parameters}
    for name, client in settings.cds_clients.items():
        place = f"{variable_of('cds_clients')}: {name}.not_held"
        if unknown := client.not_held - others.keys():
            raise SettingsError(f"{place}: {', '.join(sorted(unknown))}: the types are {', '.join(sorted(others))}")
        if not any(is_safety for kind, is_safety in others.items() if kind not in client.not_held):
            raise SettingsError(f"{place} leaves nothing that warns of danger; such a client is of no use here")


def _known(assessment: Assessment) -> frozenset[str]:
    """What a Flag of the record says already, and warns of no danger."""
    return frozenset(flag.identifier for flag in assessment.flags if _is_told(flag) and not flag.rule.safety)


def _is_told(flag: FlagFinding) -> bool:
    """An open Flag of the same priority names all the evidence; that its text counts more days now is nothing new."""
    prior = flag.prior
    if flag.state is FlagState.UNCHANGED or prior is None:
        return flag.state is FlagState.UNCHANGED
    same = prior.status == OPEN and prior.priority == flag.priority
    return same and all(_is_named(source, prior) for source in flag.evidence)


def _is_named(source: Evidence, prior: PriorFlag) -> bool:
    """A Flag names a piece of evidence that was not changed after the Flag was stored."""
    stored = prior.source.updated
    later = source.updated is not None and stored is not None and source.updated > stored
    return not later and known_as(source) in prior.evidence


def _said(received: bytes) -> str:
    """The text of a Flag of the record."""
    try:
        return _FLAG.decode(received).code.text
    except msgspec.ValidationError:
        return ""


def _of_another(gathered: Gathered, expression: str) -> InvalidParameter:
    place = _ENTRY.match(expression)
    key = gathered.key_of(int(place[1])) if place else ""
    text = (
        "This belongs to another patient than context.patientId, so nothing was evaluated; "
        "send the data of the patient whose chart is open."
    )
    return InvalidParameter(text, f"prefetch.{key}" if key else "prefetch")
