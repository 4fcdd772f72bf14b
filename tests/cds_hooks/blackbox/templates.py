"""Checks of prefetch templates: their tokens, and the queries that clients are sure to understand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from tests.cds_hooks.blackbox.judging import require_none, seen
from tests.cds_hooks.blackbox.session import Session

USERS = ("userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId")
_TOKEN = re.compile(r"\{\{(.*?)\}\}")
_CONTEXT = re.compile(r"context\.[A-Za-z][A-Za-z0-9]*")
_PREFIX = re.compile(r"(?:eq|lt|gt|ge|le)?[0-9{]")
_DATES = re.compile(r"date|period|authored|issued|recorded|effective|onset|time|birthdate|_lastUpdated", re.IGNORECASE)


def _tokens(session: Session) -> list[tuple[str, str]]:
    return [(key, token) for key, text in session.all_templates for token in _TOKEN.findall(text)]


def has_tokens_in_double_braces(session: Session) -> str:
    """No brace is left when the tokens are taken out."""
    rest = ((key, _TOKEN.sub("", text)) for key, text in session.all_templates)
    require_none(f"{key} has a brace that is no token's" for key, text in rest if "{" in text or "}" in text)
    return seen(len(_tokens(session)), "tokens")


def has_tokens_that_are_known(session: Session) -> str:
    """A token is a path into the context, or one of the four user ids."""
    tokens = _tokens(session)
    wrong = ((key, one) for key, one in tokens if one not in USERS and not one.startswith("context."))
    require_none(f"{key}: {one} is none" for key, one in wrong)
    return seen(len(tokens), "tokens")


def has_tokens_of_the_context_s_root(session: Session) -> str:
    """A token names a field at the root of the context, no member of it and no function."""
    tokens = [(key, one) for key, one in _tokens(session) if one.startswith("context")]
    deep = ((key, one) for key, one in tokens if re.search(r"[.(\[ ]", one.removeprefix("context.")))
    require_none(f"{key}: {one} is not at the root" for key, one in deep)
    return seen(len(tokens), "tokens of the context")


def has_tokens_named_context(session: Session) -> str:
    """A token of a context field begins with `context.`."""
    tokens = [(key, one) for key, one in _tokens(session) if one not in USERS]
    require_none(f"{key}: {one}" for key, one in tokens if _CONTEXT.match(one) is None)
    return seen(len(tokens), "tokens")


def asks_simply(session: Session) -> str:
    """Queries keep to reads, and to searches by reference, token, date, _count and _sort."""
    require_none(f"{key}: {fault}" for key, text in session.all_templates for fault in _unusual(text))
    return seen(len(session.all_templates), "templates")


def _unusual(text: str) -> Iterator[str]:
    parts = urlsplit(_TOKEN.sub("0", text))
    if parts.path.count("/") > 1 or "$" in parts.path:
        yield "neither a read nor a search of a type"
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        base, _, modifier = name.partition(":")
        if modifier not in ("", "in"):
            yield f"the modifier {modifier}"
        elif "." in base:
            yield f"the chain {name}"
        elif base.startswith("_") and base not in ("_count", "_sort", "_id", "_lastUpdated"):
            yield f"the parameter {base}"
        elif _DATES.search(base) and base != "_sort" and _PREFIX.match(value) is None:
            yield f"the date {value}"
