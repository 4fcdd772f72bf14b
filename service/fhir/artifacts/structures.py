"""The StructureDefinitions of our three extensions."""

from __future__ import annotations

from typing import NamedTuple

from service.fhir.addresses import ACCOUNT, CLOSED_BY_RULE, INSTANTIATES
from service.fhir.artifacts.metadata import Json, metadata


class Part(NamedTuple):
    """A member of a complex extension: a value of one type, or parts of its own."""

    name: str
    short: str
    kind: str = ""
    least: int = 1
    most: str = "1"
    parts: tuple[Part, ...] = ()


_ACCOUNT = (
    Part("asOf", "The instant of decision", "dateTime"),
    Part("timeZone", "IANA zone of dates without an offset", "string"),
    Part(
        "ruleSet",
        "The rules as they stood at this site",
        parts=(
            Part("version", "Version of the rules as published", "string"),
            Part("digest", "Digest of the rules with the site's settings and codes", "string"),
        ),
    ),
    Part("received", "Entries received", "unsignedInt"),
    Part("used", "Entries that a rule could read", "unsignedInt"),
    Part("notRead", "Entries of kinds or codes that no rule reads", "unsignedInt"),
    Part(
        "rejected",
        "Entries rejected, by reason",
        least=0,
        most="*",
        parts=(
            Part("reason", "Why, as a code", "code"),
            Part("count", "How many", "unsignedInt"),
        ),
    ),
)


def structure_definitions() -> list[Json]:
    """instantiates, closed-by-rule and account."""
    plan = {"code": "canonical", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/PlanDefinition"]}
    return [
        _extension(
            INSTANTIATES,
            ("Flag",),
            "Instantiates",
            "The rule, with its version, that a Flag was raised by.",
            [
                {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
                _url("Extension", INSTANTIATES),
                {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [plan]},
            ],
        ),
        _extension(
            CLOSED_BY_RULE,
            ("Flag", "CarePlan"),
            "Closed by rule",
            "This service closed, withdrew or revoked the resource, not a clinician; what it says may be raised again "
            "when its rule is met again.",
            _complex(CLOSED_BY_RULE, (Part("reason", "Why it has ended", "string"),)),
        ),
        _extension(
            ACCOUNT,
            ("OperationOutcome",),
            "Account",
            "What the answer rests on: as of when, which rules, and what became of every entry received.",
            _complex(ACCOUNT, _ACCOUNT),
        ),
    ]


def _extension(url: str, contexts: tuple[str, ...], title: str, description: str, elements: list[Json]) -> Json:
    described = metadata("StructureDefinition", url.rpartition("/")[2], title, description)
    root = {"id": "Extension", "path": "Extension", "short": title, "definition": description}
    return described | {
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": context} for context in contexts],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": [root, *elements]},
    }


def _complex(url: str, parts: tuple[Part, ...], at: str = "Extension") -> list[Json]:
    sliced = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "closed"}
    least = sum(part.least for part in parts)
    elements = [_element(at, "extension") | {"slicing": sliced, "min": least}]
    for part in parts:
        elements += _slice(at, part)
    return [*elements, _url(at, url), _element(at, "value[x]") | {"max": "0"}]


def _slice(at: str, part: Part) -> list[Json]:
    here = f"{at}.extension:{part.name}"
    root: Json = {"id": here, "path": _path(here), "sliceName": part.name, "short": part.short}
    root |= {"min": part.least, "max": part.most}
    if part.parts:
        return [root, *_complex(part.name, part.parts, here)]
    value = _element(here, "value[x]") | {"min": 1, "type": [{"code": part.kind}]}
    return [root, _element(here, "extension") | {"max": "0"}, _url(here, part.name), value]


def _url(at: str, url: str) -> Json:
    return _element(at, "url") | {"fixedUri": url}


def _element(at: str, name: str) -> Json:
    return {"id": f"{at}.{name}", "path": f"{_path(at)}.{name}"}


def _path(identity: str) -> str:
    return ".".join(part.split(":")[0] for part in identity.split("."))
