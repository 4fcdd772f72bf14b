"""What the one CDS service is called, the hooks it answers, and where."""

from __future__ import annotations

from typing import Final

SERVICE_ID: Final = "mood-immune"
HOOKS: Final = ("patient-view", "encounter-start", "encounter-discharge")
DISCOVERY_PATH: Final = "/cds-services"
# With the place where the service's id stands, as routes have it, and with the id.
SERVICE_ROUTE: Final = f"{DISCOVERY_PATH}/{{service}}"
FEEDBACK_ROUTE: Final = f"{SERVICE_ROUTE}/feedback"
SERVICE_PATH: Final = SERVICE_ROUTE.format(service=SERVICE_ID)
FEEDBACK_PATH: Final = FEEDBACK_ROUTE.format(service=SERVICE_ID)
