"""`moodmarker stack`: a local FHIR server with made-up patients and the service beside it, until interrupted."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

from rich.console import Console

from service.api.documentation import CHECK_PATH
from service.cds_hooks.names import HOOKS, SERVICE_PATH
from service.cli.contracts import contracts_folder
from service.cli.local_patients import PATIENTS, load, new_result
from service.cli.starting import NotStarted, own_command, own_environment, started
from service.security.sockets import blocking

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST: Final = "127.0.0.1"
SERVER: Final = "local"
_PATIENCE_SECONDS: Final = 60.0
_JSON: Final = "Content-Type: application/json"
_FHIR_JSON: Final = "Content-Type: application/fhir+json"
# Nothing is simulated, and what is not valid FHIR is refused, as a hospital's server would.
FHIR_SERVER_SETTINGS: Final = """\
base_url: {base}
host: {host}
port: {port}
data_dir: {folder}/data
log_inbound: false
simulator: {{enabled: false}}
validation: {{inbound: strict}}
"""


class Ports(NamedTuple):
    """Where the service and the FHIR server listen."""

    service: int
    fhir: int

    @property
    def fhir_base(self) -> str:
        """The FHIR server's base."""
        return f"http://{HOST}:{self.fhir}/fhir"

    @property
    def service_url(self) -> str:
        """The service's address."""
        return f"http://{HOST}:{self.service}"


def run_stack(program: Path, ports: Ports) -> None:
    """Starts both, loads the patients, subscribes, prints ways in, and waits; ends what it started."""
    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="moodmarker-stack-") as place:
        folder = Path(place)
        with _fhir_server(program, ports, folder):
            with blocking(ports.fhir_base, _PATIENCE_SECONDS) as client:
                load(client, ports.fhir_base, datetime.now(UTC).date())
            own = own_environment(CONFIG=str(_configured(ports, folder)))
            with started(own_command("serve"), own, f"{ports.service_url}/health/ready", folder / "service.log"):
                _subscribe(own)
                for line in ways_in(ports):
                    out.print(line)
                _wait()


def ways_in(ports: Ports) -> list[str]:
    """What is printed once everything runs: each way in as a line for the shell."""
    example = contracts_folder() / "examples" / "low-mood-with-low-grade-crp" / "request.json"
    first = PATIENTS[0].patient
    observation = json.dumps(new_result(datetime.now(UTC).date()), separators=(",", ":"))
    operation = f"{ports.service_url}/fhir/Patient/{first}/$mood-immune"
    return [
        f"FHIR server {ports.fhir_base} with {len(PATIENTS)} made-up patients; service {ports.service_url}.",
        "",
        "Bring the data along:",
        f"curl -s '{ports.service_url}{CHECK_PATH}' -H '{_FHIR_JSON}' --data-binary '@{example}'",
        "Let the service fetch a patient:",
        f"curl -s '{operation}-check'",
        "Let it write the flags to the FHIR server:",
        f"curl -s -X POST '{operation}-write' -H '{_FHIR_JSON}'",
        "Open the patient's chart, as a record system does by CDS Hooks:",
        f"curl -s '{ports.service_url}{SERVICE_PATH}' -H '{_JSON}' --data '{_hook(ports, first)}'",
        "A new result reaches the service by Subscription, which writes what follows from it:",
        f"curl -s '{ports.fhir_base}/Observation' -H '{_FHIR_JSON}' --data '{observation}'",
        "Read the flags where a clinician's system would:",
        f"curl -s '{ports.fhir_base}/Flag?patient={first}'",
        "",
        "Ctrl-C ends both, and what they stored goes with them.",
    ]


def _hook(ports: Ports, patient: str) -> str:
    """A call of a hook that sends nothing along."""
    context = {"userId": "Practitioner/example", "patientId": patient}
    call = {"hook": HOOKS[0], "hookInstance": str(uuid4()), "fhirServer": ports.fhir_base, "context": context}
    return json.dumps(call, separators=(",", ":"))


@contextmanager
def _fhir_server(program: Path, ports: Ports, folder: Path) -> Iterator[None]:
    if not program.exists():
        raise NotStarted(f"there is no {program}; `make stack` installs it")
    settings = folder / "settings.yaml"
    settings.write_text(FHIR_SERVER_SETTINGS.format(base=ports.fhir_base, host=HOST, port=ports.fhir, folder=folder))
    command = [str(program), "serve", "--config", str(settings), "--host", HOST, "--port", str(ports.fhir)]
    with started(command, own_environment(), f"{ports.fhir_base}/metadata", folder / "fhir.log"):
        yield


def _configured(ports: Ports, folder: Path) -> Path:
    """The service's settings as a file, since the secret in it is nobody else's to read.

    The subscription writes flags by itself: with no more than silence for what was flagged, a hook would show no card.
    """
    file = folder / "moodmarker.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'host = "{HOST}"\nport = {ports.service}\npublic_url = "{ports.service_url}"\nlog_level = "warning"\n'
        'cds_repeats = "info"\n'
        f'store = "sqlite:///{folder}/store.db"\nservice_key = "{secrets.token_hex()}"\n'
        f'[servers.{SERVER}]\nurl = "{ports.fhir_base}"\nwrite = true\n'
    )
    return file


def _subscribe(own: dict[str, str]) -> None:
    command = own_command("subscribe", SERVER)
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)  # noqa: S603 - this program
    if done.returncode:
        raise NotStarted(f"the subscription was not made: {done.stderr.strip()}")


def _wait() -> None:
    sys.stdout.flush()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return
