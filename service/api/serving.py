"""Running the application: one process, or a supervisor with workers that all have the same rules."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from service.api.application import create_app
from service.api.connections import BoundedProtocol
from service.api.records import require_ledger
from service.api.supervising import Rules, Supervisor
from service.assessment import Context, Servers
from service.security.cds_clients import CdsClients
from service.security.credentials import Credentials
from service.security.replays import ReplaysOfProcess
from service.settings import PREFIX, Settings, SettingsError, load_settings, require_safe_listener, variable_of
from service.subscriptions.opening import require_store
from service.telemetry import MULTIPROCESS, configure_logging, forget_dead_workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from starlette.types import ASGIApp

    from service.api.edge import Edge

_BACKLOG = 2048
# A worker that is busy importing on a small machine is not hung.
_PATIENCE_WITH_WORKERS = 60


def build() -> Edge:
    """The application from this process's own settings; what a worker, or any other ASGI server, calls."""
    try:
        settings = load_settings()
        require_safe_listener(settings)
        configure_logging(settings.log_level)
        forget_dead_workers()
        app = create_app(settings, Context.load(settings))
    except SettingsError as error:
        # It would be so every time.
        structlog.get_logger().critical("a setting cannot be used", reason=str(error))
        raise SystemExit(STARTUP_FAILURE) from None
    _load_libraries(settings)
    return app


def _load_libraries(settings: Settings) -> None:
    """Imports before a worker's turn what databases need, for while it begins nobody is answered."""
    if settings.service_key is not None or settings.ledger_key is not None:
        from service.store import ledger, migrating  # noqa: F401


def serve(settings: Settings) -> None:
    """Serves until interrupted; requests that are being answered are finished."""
    require_safe_listener(settings)
    configure_logging(settings.log_level)
    # Where there is nothing to be read anew, being told to is no reason to end.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _require_databases(settings)
    # Ending when told to is no failure: the exit code is 0 once the last request has been answered.
    signal.signal(signal.SIGTERM, _end)
    with suppress(KeyboardInterrupt), _listen(settings) as listener:
        _tell(settings, listener)
        # Rules that may be switched need workers that can be exchanged, if only one.
        if settings.workers == 1 and settings.site_rules is None and settings.concept_map is None:
            config = server_config(settings, create_app(settings, Context.load(settings)))
            uvicorn.Server(config).run(sockets=[listener])
        else:
            _serve_with_workers(settings, listener)


def _require_databases(settings: Settings) -> None:
    """Raises `SettingsError` where what the application opens at its start cannot be opened now."""
    asyncio.run(require_store(settings))
    require_ledger(settings)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def server_config(settings: Settings, app: ASGIApp | str) -> uvicorn.Config:
    """How uvicorn runs the application, in one process as in many."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_worker_healthcheck=_PATIENCE_WITH_WORKERS,
        timeout_graceful_shutdown=settings.graceful_shutdown_seconds,
        backlog=_BACKLOG,
    )


def _tell(settings: Settings, listener: socket.socket) -> None:
    """Says where the service is to be found, which matters when a free port was asked for."""
    port = listener.getsockname()[1]
    structlog.get_logger().info("listening", host=settings.host, port=port, workers=settings.workers)
    if settings.trusted and not settings.demands_credentials:
        structlog.get_logger().warning(
            "callers need no token",
            reason=f"Whoever reaches {settings.host} may have the service fetch or write patients of "
            f"{', '.join(settings.trusted)}, and so may callers of a proxy on this machine that does not name itself. "
            f"Behind a proxy set {variable_of('bearer_token')} or {variable_of('issuers')}.",
        )
    if settings.cds_unauthenticated:
        structlog.get_logger().warning(
            "cds hooks callers need no token",
            reason=f"{variable_of('cds_unauthenticated')} is true: whoever reaches this service is answered. "
            f"Name the clients in {variable_of('cds_clients')}, and leave it out.",
        )


def _serve_with_workers(settings: Settings, listener: socket.socket) -> None:
    """Workers read the settings anew, so what came by the command line is handed on as variables."""
    # What is wrong with the settings is said here, once, and not by every worker.
    rules = Rules.load(settings)
    Servers(settings, rules.context)
    CdsClients(settings, ReplaysOfProcess())
    Credentials(settings)
    # So is what else decides answers: a worker that is replaced later must not find a file of settings changed.
    for name in settings.model_fields_set & {"host", "port", "workers", "time_zone", "locale"}:
        os.environ[PREFIX + name.upper()] = str(getattr(settings, name))
    with _own_folder() as own:
        numbers, copies = Path(own, "metrics"), Path(own, "rules")
        numbers.mkdir()
        copies.mkdir()
        if settings.workers > 1:
            os.environ[MULTIPROCESS] = str(numbers)
        config = server_config(settings, "service.api.serving:build")
        supervisor = Supervisor(config, [listener], settings, rules, copies, partial(_require_databases, settings))
        supervisor.run()
    if supervisor.could_not_start:
        raise SystemExit(STARTUP_FAILURE)


@contextmanager
def _own_folder() -> Iterator[str]:
    """A folder for the workers' numbers and rules, which goes with the service."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="moodmarker-")
    except OSError as error:
        raise SettingsError(
            f"Workers, and rules that can be switched, need a folder for temporary files ({error.strerror}). "
            "Mount a tmpfs on /tmp, or name a folder in TMPDIR."
        ) from None
    with folder as name:
        yield name


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        # From now on who connects waits, and is not refused while the rules are loaded.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            f"Choose another with --port or {PREFIX}PORT."
        ) from error
    listener.set_inheritable(True)
    return listener
