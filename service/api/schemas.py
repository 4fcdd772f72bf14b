"""The few pieces that the schemas of the OpenAPI document are made of."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

TEXT: Final[Json] = {"type": "string"}


def object_of(properties: Json, required: list[str]) -> Json:
    """An object with these properties, some of them required."""
    return {"type": "object", **({"required": required} if required else {}), "properties": properties}


def list_of(items: Json) -> Json:
    """An array of these."""
    return {"type": "array", "items": items}
