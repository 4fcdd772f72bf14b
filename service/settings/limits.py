"""How much of everything is taken on: bodies, requests at a time and a second, connections, and time."""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

MEBIBYTE = 1024 * 1024


class Limits(BaseSettings):
    """The limits of one worker; what is past one is refused, and counted under the setting's name."""

    max_body_bytes: int = Field(32 * MEBIBYTE, ge=1024, description="Largest body as it is sent.")
    max_decompressed_bytes: int = Field(64 * MEBIBYTE, ge=1024, description="Largest body after decompression.")
    max_decompression_ratio: int = Field(500, ge=2, description="Largest growth of a compressed body past 1 MiB.")
    max_entries: int = Field(100_000, ge=1, description="Most entries in one Bundle.")
    max_depth: int = Field(
        64, ge=16, le=200, description="Deepest nesting of what is read; FHIR's own data stay below twenty."
    )
    max_references: int = Field(1_000_000, ge=1000, description="Most references followed for one request.")
    body_memory_bytes: int = Field(
        256 * MEBIBYTE, ge=1024, description="Most bytes of bodies that one worker holds at a time."
    )
    deadline_seconds: float = Field(
        30.0, gt=0, le=3600, description="Longest time one request may take: waiting, body, fetching, evaluation."
    )
    concurrency_limit: int = Field(32, ge=1, description="Checks that one worker holds at a time.")
    queue_limit: int = Field(128, ge=0, description="Checks that wait in one worker for another to end; 0: none.")
    queue_seconds: float = Field(2.0, ge=0, le=60, description="How long a check waits for another to end.")
    rate_per_second: float = Field(
        500.0, ge=0, description="Checks a second that one caller, or one address, has in one worker; 0: no limit."
    )
    rate_burst: int = Field(2000, ge=1, description="Checks that a caller may send at once before the rate holds.")
    connections_limit: int = Field(512, ge=1, description="Connections that one worker holds open.")
    header_seconds: float = Field(10.0, gt=0, le=600, description="Longest time for a request's line and headers.")
    header_bytes: int = Field(32 * 1024, ge=1024, description="Most bytes of a request's line and headers.")
    header_count: int = Field(100, ge=10, description="Most headers of a request.")
    keep_alive_seconds: int = Field(
        75, ge=1, le=3600, description="How long an idle connection stays open; longer than a proxy in front keeps it."
    )
    write_seconds: float = Field(60.0, gt=0, le=3600, description="Longest time a client may take to read an answer.")

    @model_validator(mode="after")
    def _decompressed_is_the_larger(self) -> Limits:
        if self.max_decompressed_bytes < self.max_body_bytes:
            raise ValueError("max_decompressed_bytes must not be smaller than max_body_bytes")
        return self
