"""What answers the operations of one worker, and what they share: a limit, FHIR servers, turns."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from service.api.admission import Admission
from service.api.callers import Callers
from service.api.cds_hooks import CdsHooksEndpoints
from service.api.check import CheckEndpoint
from service.api.intake import Intake
from service.api.patients import PatientEndpoint
from service.api.records import Records
from service.assessment import Servers, Turns, assess_and_write, assess_patient
from service.subscriptions.running import Subscriptions

if TYPE_CHECKING:
    from datetime import datetime

    from service.assessment import Answer, CheckOptions, Context
    from service.assessment.recording import Recording
    from service.settings import Settings
    from service.subscriptions.leases import StoredLeases
    from service.telemetry import Metrics


class Endpoints:
    """The operations' routes; nothing is sent or begun before the first request."""

    def __init__(
        self, context: Context, settings: Settings, metrics: Metrics, leases: StoredLeases | None = None
    ) -> None:
        """`context` is the effective rule set and what goes with it; `leases` are shared with other processes."""
        self._context = context
        self.admission = Admission(settings, metrics)
        self.servers = Servers(settings, context, metrics.sent)
        self.turns = Turns(settings.deadline_seconds, leases)
        self.callers = Callers(settings, metrics.sent)
        self.intake = Intake(settings, self.admission)
        self.records = Records(settings, context, metrics)
        shared = metrics, self.intake, self.callers, self.records
        self.check = CheckEndpoint(context, *shared)
        self.patients = PatientEndpoint("instance", self._check_patient, *shared)
        self.write = PatientEndpoint("write", self._write, *shared)
        self.cds_hooks = CdsHooksEndpoints(settings, context, metrics, self.intake, self.records)
        self._leases = leases
        self._opened = AsyncExitStack()
        recorder = self.records.recorder
        self.subscriptions = Subscriptions(settings, context, self, leases, metrics, recorder=recorder)

    async def _check_patient(
        self, patient: str, body: bytes, options: CheckOptions, now: datetime, recording: Recording
    ) -> Answer:
        aside = self.admission.aside
        return await assess_patient(
            patient, body, options, self._context, self.servers, now, aside=aside, recording=recording
        )

    async def _write(
        self, patient: str, body: bytes, options: CheckOptions, now: datetime, recording: Recording
    ) -> Answer:
        shared, aside = (self._context, self.servers, self.turns), self.admission.aside
        written = await assess_and_write(patient, body, options, *shared, now, aside=aside, recording=recording)
        return written.answer

    async def start(self) -> None:
        """Opens what outlives a request, and begins what works in the background; where that fails all is closed."""
        async with AsyncExitStack() as opened:
            # Closed from the last to the first: what works in the background before what it works with, and what it
            # did is recorded until the end.
            opened.push_async_callback(self.records.close)
            opened.push_async_callback(self.servers.close)
            opened.push_async_callback(self.callers.close)
            opened.push_async_callback(self.cds_hooks.close)
            opened.callback(self.admission.close)
            opened.push_async_callback(self.subscriptions.stop)
            await self.records.start()
            await self.subscriptions.start()
            self.cds_hooks.remember_in(None if self._leases is None else self._leases.store)
            self._opened = opened.pop_all()

    async def close(self) -> None:
        """Closes all that `start` opened, whatever of it fails; raises what did."""
        await self._opened.aclose()
