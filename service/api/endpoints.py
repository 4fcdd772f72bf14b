"""What answers the operations of one worker, and what they share: a limit, FHIR servers, turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.admission import Admission
from service.api.check import CheckEndpoint
from service.api.patients import PatientEndpoint
from service.api.writing import WriteEndpoint
from service.assessment import Servers, Turns
from service.subscriptions.running import Subscriptions

if TYPE_CHECKING:
    from service.assessment import Context
    from service.settings import Settings
    from service.subscriptions.leases import StoredLeases
    from service.telemetry import Metrics


class Endpoints:
    """The operations' routes; nothing is sent or begun before the first request."""

    def __init__(
        self, context: Context, settings: Settings, metrics: Metrics, leases: StoredLeases | None = None
    ) -> None:
        """`context` is the effective rule set and what goes with it; `leases` are shared with other processes."""
        self.admission = Admission(settings, metrics)
        self.servers = Servers(settings, context)
        self.turns = Turns(settings.deadline_seconds, leases)
        self.check = CheckEndpoint(context, settings, metrics, self.admission)
        self.patients = PatientEndpoint(context, settings, metrics, self.admission, self.servers)
        self.write = WriteEndpoint(context, settings, metrics, self.admission, self.servers, self.turns)
        self.subscriptions = Subscriptions(settings, context, self, leases, metrics)

    async def close(self) -> None:
        """Ends what works in the background, and lets go of threads and of connections to FHIR servers."""
        await self.subscriptions.stop()
        self.admission.close()
        await self.servers.close()
