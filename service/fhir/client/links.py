"""The links and the total of a search's page, however they are written: what is neither is passed over."""

from __future__ import annotations

from typing import Any


def addresses(link: Any, relation: str) -> list[str]:
    """The addresses that a page names for a relation; an empty one for a link that has none."""
    links = link if isinstance(link, list) else []
    found = (one.get("url") for one in links if isinstance(one, dict) and one.get("relation") == relation)
    return [url if isinstance(url, str) else "" for url in found]


def total_of(total: Any) -> int | None:
    """How many resources a search found, where its page says so."""
    return total if isinstance(total, int) and not isinstance(total, bool) else None
