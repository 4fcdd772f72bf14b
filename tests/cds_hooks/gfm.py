"""A card's detail as a client renders it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

RENDERED = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OURS = {"What would clear it:", "Not known:"}
_ALLOWED = {
    "paragraph",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "bullet_list",
    "list_item",
    "inline",
    "strong",
    "text",
}
_BARE = re.compile(r"(?i)https?://|ftp://|www\.|@|<[a-z/!?]")


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or [])


def require_plain(detail: str) -> str:
    """The text that a reader sees; fails where anything but our own few forms is markup."""
    tokens = list(_tokens(RENDERED.parse(detail)))
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
    assert kinds <= _ALLOWED, kinds - _ALLOWED
    strong = [after.content for token, after in pairwise(tokens) if token.type == "strong_open"]
    assert set(strong) <= OURS
    assert _BARE.search(detail) is None, _BARE.search(detail)
    return "\n".join(token.content for token in tokens if token.type == "text")
