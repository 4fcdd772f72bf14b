"""The threat model as a page: who might do what to the service, and what it does against that; tests prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from service.cli.hazard_log import Control, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = """\
# Threat model

Who might do what to the service on purpose, what it does against that, what is left to the site, and the tests that
prove it. What goes wrong without anybody's intent stands in the [hazard log](hazards.md). The build fails when a
threat has no test. Written by `moodmarker generate` from `threats.json`.

**What is worth protecting**: the patients' data on their way through; the clinician's trust in each flag; the secrets
that FHIR servers and clients have entrusted to the service; the record of what was decided; and that the service
answers at all.

**Where trust ends**: at every caller (record systems, CDS clients, browsers, FHIR servers that notify); at every FHIR
server, authorization server and key address that is asked; at the database; at the operator's settings, which are
believed. A proxy that ends TLS stands before the service and is the site's.

| | Threat | By |
|---|---|---|
"""


class Threat(msgspec.Struct, forbid_unknown_fields=True):
    """One threat; `behaviour` is what has to hold, `left` what the site has to do, `tests` are pytest node ids."""

    id: str
    threat: str
    by: str
    behaviour: str
    controls: list[Control]
    left: str
    tests: list[str]


def read_threats(model: bytes) -> list[Threat]:
    """The threats of threats.json."""
    return msgspec.json.decode(model, type=list[Threat])


def threat_page(threats: list[Threat]) -> str:
    """The page that people read."""
    rows = "".join(f"| [{one.id}](#{one.id.lower()}) | {one.threat} | {one.by} |\n" for one in threats)
    return _HEAD + rows + "".join(line for one in threats for line in _section(one))


def _section(one: Threat) -> Iterator[str]:
    yield f"\n## {one.id}\n\n{one.threat}\n\n"
    yield f"**By** {one.by}.\n\n"
    yield f"**What has to hold.** {one.behaviour}\n\n"
    yield from lines_of(one.controls, one.tests)
    yield f"\n**Left to the site.** {one.left}\n"
