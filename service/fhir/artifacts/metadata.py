"""What every artifact says of itself: address, version, names, state, publisher."""

from __future__ import annotations

from html import escape
from typing import Any, Final, TypeAlias

from service.domain.ruleset import VERSION
from service.terminology.systems import CANON

Json: TypeAlias = dict[str, Any]

# When the artifacts last changed in substance; an answer of today's date would differ from one of tomorrow's.
DATE: Final = "2026-11-22"


def metadata(resource_type: str, identity: str, title: str, description: str) -> Json:
    """The members that all artifacts share; `identity` is the id and the end of the address."""
    shown = f"<p><b>{escape(title, quote=False)}</b></p><p>{escape(description, quote=False)}</p>"
    return {
        "resourceType": resource_type,
        "id": identity,
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{shown}</div>'},
        "url": f"{CANON}/{resource_type}/{identity}",
        "version": VERSION,
        "name": computable(identity),
        "title": title,
        "status": "active",
        "experimental": False,
        "date": DATE,
        "publisher": "Moodmarker",
        "description": description,
    }


def computable(identity: str) -> str:
    """An id as a name that a program can use: `closed-by-rule` is ClosedByRule."""
    name = "".join(part[:1].upper() + part[1:] for part in identity.replace("_", "-").split("-"))
    return name if name[0].isalpha() else f"N{name}"
