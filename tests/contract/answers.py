"""Asking the whole service, bytes in and bytes out, and reading its answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.assessment import CheckOptions, Context, SiteFiles, assess
from service.settings import Settings
from tests.contract.patients import bundle, person, request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.assessment import Answer

Json = dict[str, Any]

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOTHING = CheckOptions()


@cache
def context(**settings: Any) -> Context:
    """The service as a site with these settings runs it."""
    return Context.load(Settings.model_construct(**settings))


@cache
def site_with(rules: str) -> Context:
    """The service as a site runs it whose file of rules says this."""
    return Context.load(Settings.model_construct(site_rules=Path("rules.toml")), SiteFiles(rules.encode(), None))


def check(body: bytes, options: CheckOptions = NOTHING, site: Context | None = None) -> Answer:
    """The answer to a body; raises Problem where the service refuses it."""
    return assess(body, options, site or context(), NOW)


class Told:
    """An answer as a test asks about it."""

    def __init__(self, answer: Answer) -> None:
        self.body = answer.body
        self.urgent = answer.urgent
        self.verdicts = dict(answer.verdicts)
        self.resources = list(_resources(json.loads(answer.body)))

    @property
    def met(self) -> set[str]:
        return {rule for rule, verdict in self.verdicts.items() if verdict == "MET"}

    def of_type(self, kind: str) -> list[Json]:
        return [one for one in self.resources if one["resourceType"] == kind]

    @property
    def flags(self) -> list[Json]:
        return self.of_type("Flag")

    def flag(self, rule: str) -> Json:
        """The one Flag of a rule; fails when there is none, or more than one."""
        (found,) = [one for one in self.flags if rule_of(one) == rule]
        return found

    def text(self, rule: str) -> str:
        """What the Flag of a rule says to the clinician."""
        return str(self.flag(rule)["code"]["text"])

    def states(self) -> list[tuple[str, str, str]]:
        """Rule, status and priority of every Flag, in order."""
        return [(rule_of(one), one["status"], priority_of(one)) for one in self.flags]

    @property
    def plans(self) -> list[Json]:
        return self.of_type("CarePlan")

    @property
    def issues(self) -> list[Json]:
        (outcome,) = self.of_type("OperationOutcome")
        found: list[Json] = outcome["issue"]
        return found

    @property
    def words(self) -> str:
        """Every text of the OperationOutcome."""
        return "\n".join(one["details"]["text"] for one in self.issues)

    def why(self, rule: str) -> str:
        """What the OperationOutcome says about a rule that could not be decided."""
        return "\n".join(
            one["details"]["text"]
            for one in self.issues
            if one["code"] == "incomplete" and f"({rule})" in one["details"]["text"]
        )

    def rejected(self) -> dict[str, str]:
        """The reason of each rejection by the element it names."""
        return {
            one["expression"][0]: one["details"]["coding"][0]["code"]
            for one in self.issues
            if one["severity"] == "error"
        }

    @property
    def account(self) -> Json:
        (outcome,) = self.of_type("OperationOutcome")
        return read_account(outcome)


def _resources(answer: Json) -> Iterable[Json]:
    if answer["resourceType"] == "Parameters":
        for parameter in answer["parameter"]:
            held = parameter["resource"]
            yield from _resources(held) if held["resourceType"] == "Bundle" else [held]
    else:
        yield from (entry["resource"] for entry in answer.get("entry", []))


def read_account(outcome: Json) -> Json:
    """The account of an OperationOutcome as plain values; `rejected` by reason."""
    parts = outcome["extension"][0]["extension"]
    plain = {one["url"]: _value(one) for one in parts if "extension" not in one}
    plain["rejected"] = {
        _value(one["extension"][0]): _value(one["extension"][1]) for one in parts if one["url"] == "rejected"
    }
    return plain


def _value(part: Json) -> Any:
    return next(value for name, value in part.items() if name.startswith("value"))


def rule_of(flag: Json) -> str:
    """The rule of a Flag."""
    return str(flag["code"]["coding"][0]["code"])


def identifier_of(resource: Json) -> str:
    """Our identifier of a Flag or CarePlan."""
    return str(resource["identifier"][0]["value"])


def priority_of(flag: Json) -> str:
    """PH, PM or PL."""
    (found,) = [one for one in flag["extension"] if one["url"].endswith("/flag-priority")]
    return str(found["valueCodeableConcept"]["coding"][0]["code"])


def evidence_of(flag: Json) -> list[str]:
    """The references of everything that a Flag names as its evidence."""
    details = [one["valueReference"] for one in flag["extension"] if one["url"].endswith("/flag-detail")]
    return [str(one["reference"]) for one in details if "reference" in one]


def is_closed_by_rule(flag: Json) -> bool:
    """Whether the service itself closed a Flag."""
    return any(one["url"].endswith("/closed-by-rule") for one in flag["extension"])


def tell(
    *resources: Json | None, site: Context | None = None, born: str | None = "1980-01-01", **parameters: Any
) -> Told:
    """The answer about an adult with these resources; parameters as for `request`."""
    return Told(check(request(bundle(person(born), *resources), **parameters), site=site))


def stored(resource: Json, name: str, version: str = "1", **changes: Any) -> Json:
    """A Flag or CarePlan of an answer as a server gives it back."""
    held = {key: value for key, value in resource.items() if key != "resourceType"}
    meta = {"versionId": version} | resource.get("meta", {})
    copied: Json = json.loads(json.dumps({**held, "resourceType": resource["resourceType"], "id": name, "meta": meta}))
    return copied | changes
