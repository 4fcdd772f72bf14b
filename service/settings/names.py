"""What settings are called, and the one error about them."""

from __future__ import annotations

PREFIX = "MOODMARKER_"
CONFIG = f"{PREFIX}CONFIG"


class SettingsError(ValueError):
    """A setting that is misspelt, not allowed or at odds with another; the text says which."""


def variable_of(setting: str) -> str:
    """The variable that sets a field of `Settings`."""
    return f"{PREFIX}{setting.upper()}"
