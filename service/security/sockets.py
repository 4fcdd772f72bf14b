"""Sockets to the servers that a site has named, as every conversation uses them."""

from __future__ import annotations

from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from ssl import SSLContext


@cache
def public_authorities() -> SSLContext:
    """The certificate authorities that browsers trust; read once, for it takes a while."""
    return httpx.create_ssl_context(trust_env=False)


def pooled(trust: SSLContext, seconds: float) -> httpx.AsyncClient:
    """Sockets that are kept between requests, each of which may take so long.

    Neither proxies nor certificates come from the environment, no redirect is followed, and no cookie is kept.
    """
    return httpx.AsyncClient(
        verify=trust,
        trust_env=False,
        follow_redirects=False,
        timeout=seconds,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )
