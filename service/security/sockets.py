"""Sockets to the servers that a site has named: the one place where a client is made, and where each request is judged.

Whatever another module asks for, a request whose origin is not among those that its client was made for is not sent.
"""

from __future__ import annotations

from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx
import structlog

from service.security.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ssl import SSLContext

# The key of a request's extension that says what it is for, where that is not what its client is for.
PURPOSE: Final = "moodmarker.purpose"
_PORTS: Final = {"http": 80, "https": 443}


class Sent(Protocol):
    """Counts a request that is sent, or that was kept from being sent."""

    def __call__(self, purpose: str, server: str, *, refused: bool = False) -> None:
        """`server` is the name that the site gave it, empty where the origin is none of the site's."""


class NotConfigured(httpx.RequestError):
    """A request to an origin that its client was not made for; it was not sent."""


def uncounted(purpose: str, server: str, *, refused: bool = False) -> None:
    """For commands, which have nobody to show numbers to."""


@cache
def public_authorities() -> SSLContext:
    """The certificate authorities that browsers trust; read once, for it takes a while."""
    return httpx.create_ssl_context(trust_env=False)


class Outbound:
    """Where one client may send: the origins of configured addresses, each with the name that the site gave it."""

    def __init__(self, purpose: str, addresses: Mapping[str, str] | None = None, sent: Sent = uncounted) -> None:
        """`addresses` are absolute, each with the name of its server; `purpose` is what requests are counted under."""
        self._purpose = purpose
        self._names: dict[Origin, str] = {}
        self._sent = sent
        for address, name in (addresses or {}).items():
            self.add(address, name)

    def add(self, address: str, name: str) -> None:
        """Lets requests go to the origin of one more configured address."""
        self._names.setdefault(_origin(httpx.URL(address)), name)

    def judge(self, request: httpx.Request) -> None:
        """Counts a request that may be sent; raises `NotConfigured` for every other."""
        purpose = str(request.extensions.get(PURPOSE, self._purpose))
        name = self._names.get(_origin(request.url))
        if name is None or request.url.userinfo:
            self._sent(purpose, name or "", refused=True)
            structlog.get_logger().error("outbound request refused", purpose=purpose)
            raise NotConfigured("this origin is not configured, and gets no request", request=request)
        self._sent(purpose, name)


def _origin(url: httpx.URL) -> Origin:
    """As the sockets will see it, so that no second way of reading an address can be played against this one."""
    return Origin(url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS.get(url.scheme, 0))


class _Guarded(httpx.AsyncHTTPTransport):
    """Sends what it may."""

    def __init__(self, outbound: Outbound, trust: SSLContext) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._outbound = outbound

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._outbound.judge(request)
        return await super().handle_async_request(request)


class _GuardedBlocking(httpx.HTTPTransport):
    """As `_Guarded`, for commands."""

    def __init__(self, outbound: Outbound, trust: SSLContext) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._outbound = outbound

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._outbound.judge(request)
        return super().handle_request(request)


def pooled(trust: SSLContext, seconds: float, outbound: Outbound) -> httpx.AsyncClient:
    """Sockets that are kept between requests, each of which may take so long.

    Neither proxies nor certificates come from the environment, no redirect is followed, and no cookie is kept.
    """
    return httpx.AsyncClient(transport=_Guarded(outbound, trust), **_closed(seconds))


def blocking(base: str, seconds: float) -> httpx.Client:
    """Sockets for a command that talks to one server, by its base, and to no other."""
    transport = _GuardedBlocking(Outbound("command", {base: "command"}), public_authorities())
    return httpx.Client(transport=transport, **_closed(seconds))


def _closed(seconds: float) -> dict[str, Any]:
    return {
        "trust_env": False,
        "follow_redirects": False,
        "timeout": seconds,
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),
    }
