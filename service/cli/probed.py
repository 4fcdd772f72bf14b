"""What a probe of a FHIR server found, as it is printed."""

from __future__ import annotations

from msgspec import Struct

from service.fhir.probing import Paging, Stated


class Trial(Struct, frozen=True, rename="camel"):
    """What a real fetch of one patient took and left out; `fault` says why there was none."""

    fault: str = ""
    requests: int = 0
    gaps: dict[str, str] = {}
    paging: Paging | None = None


class Probed(Struct, frozen=True, rename="camel"):
    """Everything that was found; `fault` says why the server cannot be used, and then nothing else is known.

    `scopes` are those that the server's operator has to allow this service.
    """

    name: str
    url: str
    fault: str = ""
    stated: Stated | None = None
    trial: Trial | None = None
    scopes: str = ""
    settings: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether the server answered, and with the patient where one was asked for."""
        return not self.fault and (self.trial is None or not self.trial.fault)
