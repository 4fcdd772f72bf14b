"""Names of packages; standard library only, for it is read in environments of other tools too."""

from __future__ import annotations

import re


def normalised(name: str) -> str:
    """A package's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
