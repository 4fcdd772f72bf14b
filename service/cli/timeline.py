"""A patient's data in brief, for a reader who wants to see what an answer was given to."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

Json = dict[str, Any]
_DATES = (
    "effectiveDateTime", "onsetDateTime", "authored", "authoredOn", "performedDateTime", "occurrenceDateTime",
    "recordedDate", "dateAsserted", "whenHandedOver",
)  # fmt: skip
_PERIODS = ("effectivePeriod", "period", "performedPeriod")
_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_A_DAY, LONGEST = 3, 90


def brief(bundle: Json, most: int) -> list[str]:
    """The newest `most` days, oldest first; in a day numbers come first, and what is too much is counted."""
    dated = sorted(filter(None, map(_dated, bundle.get("entry", []))))
    days = [_day_in_brief(day, [text for *_, text in told]) for day, told in groupby(dated, lambda one: one[0])]
    earlier = [f"({len(days) - most} earlier days)"] if len(days) > most else []
    return earlier + [line for lines in days[-most:] for line in lines]


def _day_in_brief(day: str, texts: list[str]) -> list[str]:
    shown = [f"{day}  {_shortened(text)}" for text in texts[:MOST_A_DAY]]
    rest = len(texts) - len(shown)
    return [*shown, f"{day}  and {rest} more"] if rest else shown


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _dated(entry: Any) -> tuple[str, bool, str] | None:
    """Day, whether it has no number, and text, by which data are ordered."""
    try:
        resource = entry["resource"]
        day, value = _day(resource), _value(resource)
        text = f"{_name(resource)}{value}"
    except (AttributeError, KeyError, IndexError, TypeError):
        return None  # spoilt data are told by the answer; here they are only left out
    return (day, not any(digit in value for digit in "0123456789"), text) if _A_DAY.fullmatch(day) else None


def _day(resource: Json) -> str:
    written = next((resource[name] for name in _DATES if name in resource), None)
    if written is None:
        period: Json = next((resource[name] for name in _PERIODS if name in resource), {})
        written = period.get("start") or period.get("end") or ""
    return str(written)[:10]


def _name(resource: Json) -> str:
    concept = resource.get("code") or resource.get("medicationCodeableConcept") or resource.get("vaccineCode") or {}
    coding: Json = next(iter(concept.get("coding", [])), {})
    return str(concept.get("text") or coding.get("display") or coding.get("code") or resource["resourceType"])


def _value(resource: Json) -> str:
    quantity = resource.get("valueQuantity")
    if quantity:
        unit = str(quantity.get("unit", "")).replace("{score}", "")
        return f": {quantity.get('comparator', '')}{quantity.get('value')} {unit}".rstrip()
    for name in ("valueInteger", "valueString", "valueBoolean"):
        if name in resource:
            return f": {resource[name]}"
    concept = resource.get("valueCodeableConcept")
    if not concept:
        return ""
    return f": {concept.get('text') or concept.get('coding', [{}])[0].get('display', '')}"
