"""Ids of subscriptions: random, ours, and marked with the topic that notifications under them may name.

The mark lets a notification of another topic be refused without asking anybody, for the secret is made from the id.
"""

from __future__ import annotations

import hashlib
import secrets

_RANDOM_BYTES = 16
_MARK_LENGTH = 12


def new_name(topic: str = "") -> str:
    """An id that nobody guesses; `topic` is a canonical, or empty for a subscription by search."""
    name = secrets.token_hex(_RANDOM_BYTES)
    return f"{name}-{_mark(topic)}" if topic else name


def may_name(name: str, topic: str) -> bool:
    """Whether a notification under this id may be of this topic; one that names none may."""
    return not topic or name.partition("-")[2] == _mark(topic)


def _mark(topic: str) -> str:
    """The same for all versions of a topic: servers name the newest that they have."""
    return hashlib.sha256(topic.partition("|")[0].encode()).hexdigest()[:_MARK_LENGTH]
