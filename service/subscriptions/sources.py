"""What a configured server's notifications are read with: its base, and the resource types that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.fhir.client.searches import OURS
from service.fhir.subscriptions.pointers import PATIENT
from service.subscriptions.hints import Source

if TYPE_CHECKING:
    from service.assessment import Servers

_ALSO: Final = frozenset({PATIENT})


class Sources:
    """The configured servers; what the service itself writes matters to nobody, or it would call itself for ever."""

    def __init__(self, servers: Servers) -> None:
        """`servers` know the rules."""
        self._servers = servers

    def knows(self, server: str) -> bool:
        """Whether a server of this name is configured."""
        return server in self._servers.names

    def of(self, server: str) -> Source:
        """Of one server."""
        read = frozenset(reach.resource_type for reach in self._servers.reaches)
        return Source(self._servers.configured(server).url, (read - frozenset(OURS)) | _ALSO)
