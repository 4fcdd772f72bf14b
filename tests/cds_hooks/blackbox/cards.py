"""Checks of cards and of whom they are from."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.cds_hooks.blackbox.judging import NotApplicable, require, require_none, seen
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.blackbox.session import Session

SHORTER_THAN = 140
INDICATORS = ("info", "warning", "critical")
_HTML = re.compile(r"<(?:[A-Za-z/!?])")
_CODING = ("code", "system")


def is_text(value: Any) -> bool:
    """A string that says something."""
    return isinstance(value, str) and bool(value.strip())


def is_absolute(value: Any) -> bool:
    """An address with its scheme and host."""
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    return bool(parts.scheme and parts.netloc)


def _members(session: Session, name: str) -> list[tuple[str, Any]]:
    return [(where, card[name]) for where, card in session.cards if name in card]


def _sources(session: Session) -> list[tuple[str, Json]]:
    return [(where, one) for where, one in _members(session, "source") if isinstance(one, dict)]


def _all(session: Session, name: str, is_right: Callable[[Any], bool], fault: str) -> str:
    """Every card has the member, and it is right."""
    require_none(f"{where}: no {name}" for where, card in session.cards if name not in card)
    require_none(f"{where}: {fault}" for where, value in _members(session, name) if not is_right(value))
    return seen(len(session.cards), "cards")


def has_unique_uuids(session: Session) -> str:
    """Cards have uuids, by which feedback finds them, and no two of them the same."""
    counted = _all(session, "uuid", is_text, "its uuid is no text")
    uuids = [card["uuid"] for _, card in session.cards]
    require_none(
        f"{where}: another card has its uuid" for where, card in session.cards if uuids.count(card["uuid"]) > 1
    )
    return counted


def has_a_short_summary(session: Session) -> str:
    """A summary has fewer than 140 characters."""
    counted = _all(session, "summary", is_text, "its summary is no text")
    lengths = [(where, len(card["summary"])) for where, card in session.cards]
    require_none(f"{where}: the summary has {length} characters" for where, length in lengths if length >= SHORTER_THAN)
    return f"{counted}, the longest summary has {max(length for _, length in lengths)} characters"


def has_detail_in_markdown(session: Session) -> str:
    """The detail is text of Markdown, without HTML."""
    details = _members(session, "detail")
    require_none(f"{where}: its detail is no text" for where, one in details if not is_text(one))
    require_none(f"{where}: HTML in its detail" for where, one in details if _HTML.search(one))
    return seen(len(details), "cards with detail")


def has_an_indicator(session: Session) -> str:
    """Every card tells its urgency, as text."""
    return _all(session, "indicator", is_text, "its indicator is no text")


def has_a_known_indicator(session: Session) -> str:
    """The urgency is one of three."""
    wrong = [(where, one) for where, one in _members(session, "indicator") if one not in INDICATORS]
    require_none(f"{where}: the indicator {one!r}" for where, one in wrong)
    return seen(len(session.cards), "cards")


def has_a_source(session: Session) -> str:
    """Every card tells whom it is from."""
    return _all(session, "source", lambda value: isinstance(value, dict), "its source is no object")


def has_a_source_label(session: Session) -> str:
    """A source has a label."""
    require_none(f"{where}: no label" for where, one in _sources(session) if not is_text(one.get("label")))
    return seen(len(_sources(session)), "sources")


def has_an_absolute_source_url(session: Session) -> str:
    """A source's address is absolute."""
    urls = [(where, one["url"]) for where, one in _sources(session) if "url" in one]
    require_none(f"{where}: {url}" for where, url in urls if not is_absolute(url))
    return seen(len(urls), "sources with url")


def has_a_source_url_for_anybody(session: Session) -> str:
    """A source's address is the same for every patient."""
    urls = [(where, str(one["url"])) for where, one in _sources(session) if "url" in one]
    require_none(
        f"{where}: the patient's id is in its source's address" for where, url in urls if session.patient in url
    )
    return seen(len(urls), "sources with url")


def has_an_absolute_icon(session: Session) -> str:
    """A source's icon is at an absolute address."""
    icons = _icons(session)
    require_none(f"{where}: {icon}" for where, icon in icons if not is_absolute(icon))
    return seen(len(icons), "sources with icon")


def has_an_icon_of_100_pixels(session: Session) -> str:
    """An icon is a PNG of 100 by 100 pixels without transparency; one that is elsewhere is not fetched."""
    here = sorted({str(icon) for _, icon in _icons(session) if str(icon).startswith(session.base_url + "/")})
    if not here:
        raise NotApplicable("no source has an icon that the service itself serves")
    for icon in here:
        raw = session.client.get(icon).content
        require(raw[:8] == b"\x89PNG\r\n\x1a\n", f"{icon} is no PNG")
        width, height, _, colours = struct.unpack(">IIBB", raw[16:26])
        require((width, height) == (100, 100), f"{icon} has {width} by {height} pixels")
        require(colours in (0, 2, 3) and b"tRNS" not in raw, f"{icon} has transparent regions")
    return f"{len(here)} icons"


def _icons(session: Session) -> list[tuple[str, Any]]:
    return [(where, one["icon"]) for where, one in _sources(session) if "icon" in one]


def has_a_topic_as_coding(session: Session) -> str:
    """A source's topic is a Coding."""
    topics = [(where, one["topic"]) for where, one in _sources(session) if "topic" in one]
    require_none(f"{where}: its topic is no Coding" for where, one in topics if not isinstance(one, dict))
    return seen(len(topics), "topics")


def has_reasons_as_codings(session: Session) -> str:
    """Override reasons are an array of Codings."""
    reasons = _members(session, "overrideReasons")
    require_none(
        f"{where}: its overrideReasons are no array of Codings" for where, one in reasons if not _are_objects(one)
    )
    return seen(len(reasons), "cards with override reasons")


def has_reasons_in_words(session: Session) -> str:
    """Every override reason has a display."""
    reasons = [(where, one) for where, one in _codings(session, topics=False)]
    require_none(f"{where}: a reason without display" for where, one in reasons if not is_text(one.get("display")))
    return seen(len(reasons), "override reasons")


def has_codes_in_codings(session: Session) -> str:
    """Every Coding has a code."""
    return _coding(session, "code")


def has_systems_in_codings(session: Session) -> str:
    """Every Coding has a system."""
    return _coding(session, "system")


def has_topics_in_words_or_none(session: Session) -> str:
    """A topic's display, where there is one, is text."""
    topics = [(where, one) for where, one in _codings(session) if "display" in one]
    require_none(f"{where}: a display that is no text" for where, one in topics if not is_text(one["display"]))
    return seen(len(topics), "Codings with display")


def _coding(session: Session, name: str) -> str:
    codings = list(_codings(session))
    require_none(f"{where}: a Coding without {name}" for where, one in codings if not is_text(one.get(name)))
    return seen(len(codings), "Codings")


def _codings(session: Session, *, topics: bool = True) -> Iterator[tuple[str, Json]]:
    for where, card in session.cards:
        source = card.get("source")
        topic = source.get("topic") if isinstance(source, dict) else None
        reasons = card.get("overrideReasons")
        for one in [*(reasons if isinstance(reasons, list) else []), *([topic] if topics else [])]:
            if isinstance(one, dict):
                yield where, one


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
