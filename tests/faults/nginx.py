"""A real nginx before several replicas, on loopback, with its log in a file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 30.0
# What a site would write, but for the folders: a proxy before all replicas, which sends no request twice.
_CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 256; }}
http {{
  log_format told escape=json '{{"id": "$http_x_request_id", "status": $status, "upstream": "$upstream_addr", '
    '"upstream_status": "$upstream_status"}}';
  access_log {folder}/access.log told;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 64m;
  upstream replicas {{
    {servers}
    keepalive 16;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Request-Id $http_x_request_id;
      proxy_connect_timeout 2s;
    }}
  }}
}}
"""


class Nginx:
    """The running proxy."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._folder = folder

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What it has passed on: id, status, and the replicas that it asked, in order."""
        text = (self._folder / "access.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


def _program() -> str:
    found = shutil.which("nginx") or "/usr/sbin/nginx"
    assert Path(found).is_file(), "nginx is not installed: install nginx"
    return found


@contextmanager
def proxying(folder: Path, ports: Sequence[int]) -> Iterator[Nginx]:
    """The proxy before services at these ports of loopback."""
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    file = folder / "nginx.conf"
    servers = "\n    ".join(f"server 127.0.0.1:{one} max_fails=1 fail_timeout=30s;" for one in ports)
    user = "user root;" if os.getuid() == 0 else ""
    file.write_text(_CONFIGURATION.format(folder=folder, port=port, servers=servers, user=user), encoding="utf-8")
    command = [_program(), "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process, folder / "error.log")
        yield Nginx(port, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nginx is not ready: {log.read_text() if log.is_file() else ''}")
