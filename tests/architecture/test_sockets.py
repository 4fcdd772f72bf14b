"""Is every way out made in one module, which judges each request?"""

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import SERVICE, imported, modules, parsed, shown

pytestmark = pytest.mark.no_cover

# Where clients are made, and where what may be asked is decided.
SOCKETS = SERVICE / "security" / "sockets.py"
# What sends something as soon as it is called, or makes what does.
SENDERS = {
    "AsyncClient",
    "AsyncHTTPTransport",
    "Client",
    "HTTPTransport",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "stream",
}
OTHER_CLIENTS = {"aiohttp", "ftplib", "h11", "httpcore", "requests", "smtplib", "socketserver", "urllib3", "websockets"}
SOCKET_MODULES = {"http.client", "socket", "urllib.request"}
# Commands that speak to the service which they have started on this machine themselves.
OWN_MACHINE = {"service/cli/demonstration.py", "service/cli/starting.py"}
# What listens has sockets, and connects none.
LISTENERS = "service/api/"
OPENERS = {
    "connect_ex",
    "sendto",
    "create_connection",
    "create_datagram_endpoint",
    "open_connection",
    "open_unix_connection",
    "sock_connect",
}


def _may_import(module: Path, name: str) -> bool:
    return shown(module) in OWN_MACHINE or (name == "socket" and shown(module).startswith(LISTENERS))


def _is_for_types(tree: ast.Module, node: ast.AST) -> bool:
    """Whether a name stands in an annotation, where nothing is made."""
    return any(
        node in ast.walk(annotation)
        for holder in ast.walk(tree)
        for annotation in (getattr(holder, "annotation", None), getattr(holder, "returns", None))
        if annotation is not None
    )


@pytest.mark.parametrize("module", [one for one in modules() if one != SOCKETS], ids=shown)
def test_no_client_is_made_and_no_socket_opened_anywhere_else(module: Path) -> None:
    tree = parsed(module)
    found = [
        f"line {line}: {name}"
        for line, name in imported(module)
        if name.split(".")[0] in OTHER_CLIENTS or (name in SOCKET_MODULES and not _may_import(module, name))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "httpx":
            found.append(f"line {node.lineno}: import httpx whole, so that this test sees what is used of it")
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        of_httpx = node.value.id == "httpx" and node.attr in SENDERS and not _is_for_types(tree, node)
        if of_httpx or (node.attr in OPENERS and shown(module) not in OWN_MACHINE):
            found.append(f"line {node.lineno}: {node.value.id}.{node.attr}")
    assert not found, f"{shown(module)} goes out by itself: {', '.join(found)}"
