"""Checks of links and of extensions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.cds_hooks.blackbox.cards import is_absolute, is_text
from tests.cds_hooks.blackbox.judging import require_none, seen
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.blackbox.session import Session, listed

ABSOLUTE, SMART = "absolute", "smart"
_REVERSE_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+([./].*)?")


def _links(session: Session) -> list[tuple[str, Json]]:
    return [
        (f"{where}.links[{index}]", one)
        for where, card in session.cards
        for index, one in enumerate(listed(card, "links"))
    ]


def _with_context(session: Session) -> list[tuple[str, Json]]:
    return [(where, one) for where, one in _links(session) if "appContext" in one]


def are_an_array(session: Session) -> str:
    """Links are an array of objects."""
    having = [(where, one["links"]) for where, one in session.cards if "links" in one]
    wrong = [
        where for where, one in having if not isinstance(one, list) or not all(isinstance(two, dict) for two in one)
    ]
    require_none(f"{where}: links are no array of objects" for where in wrong)
    return seen(len(having), "cards with links")


def have_a_label(session: Session) -> str:
    """A link has a label."""
    require_none(f"{where}: no label" for where, one in _links(session) if not is_text(one.get("label")))
    return seen(len(_links(session)), "links")


def have_an_address(session: Session) -> str:
    """A link has an absolute address."""
    require_none(f"{where}: no absolute url" for where, one in _links(session) if not is_absolute(one.get("url")))
    return seen(len(_links(session)), "links")


def have_a_type(session: Session) -> str:
    """A link has a type, as text."""
    require_none(f"{where}: no type" for where, one in _links(session) if not is_text(one.get("type")))
    return seen(len(_links(session)), "links")


def have_a_known_type(session: Session) -> str:
    """A link is to be followed as it is, or launches a SMART app."""
    wrong = [(where, one.get("type")) for where, one in _links(session) if one.get("type") not in (ABSOLUTE, SMART)]
    require_none(f"{where}: the type {kind!r}" for where, kind in wrong)
    return seen(len(_links(session)), "links")


def have_context_as_text(session: Session) -> str:
    """An appContext is text."""
    having = _with_context(session)
    require_none(
        f"{where}: its appContext is no text" for where, one in having if not isinstance(one["appContext"], str)
    )
    return seen(len(having), "links with appContext")


def have_context_for_smart_apps_alone(session: Session) -> str:
    """An appContext is on links that launch a SMART app."""
    having = _with_context(session)
    require_none(
        f"{where}: appContext on a link that launches no app" for where, one in having if one.get("type") != SMART
    )
    return seen(len(having), "links with appContext")


def have_no_context_when_absolute(session: Session) -> str:
    """A link that is followed as it is has no appContext."""
    absolute = [(where, one) for where, one in _links(session) if one.get("type") == ABSOLUTE]
    require_none(f"{where}: appContext on an absolute link" for where, one in absolute if "appContext" in one)
    return seen(len(absolute), "absolute links")


def _extensions(session: Session) -> list[tuple[str, Any]]:
    return [(where, one) for where, document in session.documents for one in extensions(document)]


def extensions(value: Any) -> Iterator[Any]:
    """The extensions of CDS Hooks; those of FHIR resources follow other rules."""
    if isinstance(value, list):
        for one in value:
            yield from extensions(one)
    elif isinstance(value, dict) and "resourceType" not in value:
        for name, member in value.items():
            if name == "extension":
                yield member
            else:
                yield from extensions(member)


def extend_with_objects(session: Session) -> str:
    """An extension is a JSON object."""
    found = _extensions(session)
    require_none(f"{where}: an extension that is no object" for where, one in found if not isinstance(one, dict))
    return seen(len(found), "extensions")


def extend_by_unique_names(session: Session) -> str:
    """What is in an extension is named so that nobody else's has its name."""
    names = [(where, name) for where, one in _extensions(session) if isinstance(one, dict) for name in one]
    require_none(f"{where}: the extension {name!r}" for where, name in names if _REVERSE_DOMAIN.fullmatch(name) is None)
    return seen(len(names), "members of extensions")
