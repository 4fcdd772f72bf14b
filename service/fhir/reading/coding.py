"""The code of an Observation: whether feeds are known to use it wrongly, and what it says in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from service.fhir.reading.elements import ABSENT, given
from service.terminology.traps import TRAPS

if TYPE_CHECKING:
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Component
    from service.fhir.reading.resources import Observation

# A quick look, before the terminology is asked properly.
SUSPECT: Final = frozenset(trap.code for trap in TRAPS)


def question(draft: Draft, holder: Observation | Component) -> str:
    """What an Observation or component is about in words: its own, else those of its first known code."""
    code = holder.code
    if code is None:
        return ""
    if code.text is not ABSENT and given(code.text):
        text = msgspec.json.decode(code.text)
        if isinstance(text, str) and text:
            return text
    for one in code.coding or ():
        shown = draft.terminology.display(one.system or "", one.code or "")
        if shown:
            return shown
    return ""
