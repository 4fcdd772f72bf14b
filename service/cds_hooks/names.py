"""What the one CDS service is called, the hooks it answers, and where."""

from __future__ import annotations

from typing import Final

SERVICE_ID: Final = "mood-immune"
HOOKS: Final = ("patient-view", "encounter-start", "encounter-discharge")
DISCOVERY_PATH: Final = "/cds-services"
SERVICE_PATH: Final = f"{DISCOVERY_PATH}/{SERVICE_ID}"
FEEDBACK_PATH: Final = f"{SERVICE_PATH}/feedback"
