"""The named patients in contracts/examples/: what each folder holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

EXAMPLES = Path(__file__).resolve().parents[2] / "contracts" / "examples"
NAMES = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())


def body_of(name: str) -> bytes:
    """The request as it is committed."""
    return (EXAMPLES / name / "request.json").read_bytes()


def golden(name: str) -> Json:
    """The answer as it is committed."""
    answer: Json = json.loads((EXAMPLES / name / "response.json").read_bytes())
    return answer


def readme(name: str) -> str:
    """The story of the patient."""
    return (EXAMPLES / name / "README.md").read_text(encoding="utf-8")


def parameters_of(name: str) -> tuple[Json, dict[str, list[str]]]:
    """The Bundle and the primitive parameters of a request."""
    sent: dict[str, list[str]] = {}
    data: Json = {}
    for one in json.loads(body_of(name))["parameter"]:
        if one["name"] == "data":
            data = one["resource"]
        else:
            sent.setdefault(one["name"], []).append(next(v for k, v in one.items() if k.startswith("value")))
    return data, sent


def asked(name: str, **parameters: str) -> bytes:
    """The request with some of its primitive parameters replaced; `as_` is the parameter `as`."""
    data, sent = parameters_of(name)
    chosen = sent | {key.rstrip("_"): [value] for key, value in parameters.items()}
    given = [{"name": key, "valueString": one} for key, values in chosen.items() for one in values]
    return json.dumps(
        {"resourceType": "Parameters", "parameter": [*given, {"name": "data", "resource": data}]}
    ).encode()


def is_refused(name: str) -> bool:
    """Whether the answer is the refusal of the whole request."""
    return bool(golden(name)["resourceType"] == "OperationOutcome")


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """The paths at which two JSON values differ, for a message that a person can read."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            found
            for key in dict.fromkeys((*one, *other))
            for found in differences(one.get(key), other.get(key), f"{path}.{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            found
            for index, pair in enumerate(zip(one, other, strict=True))
            for found in differences(*pair, f"{path}[{index}]")
        ]
    return [] if one == other else [f"{path}: {str(one)[:300]} != {str(other)[:300]}"]
