"""An answer as a clinician would read it; made from the FHIR resources alone, without clinical logic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Json = dict[str, Any]
_PRIORITY_STYLES = {"PH": "bold red", "PM": "bold yellow", "PL": "bold"}
# How the issues of the OperationOutcome are told apart, in the order in which they are printed.
_SECTIONS = (
    ("Could not be told", lambda issue: issue["code"] == "incomplete"),
    ("Left out of the evaluation", lambda issue: issue["severity"] in {"fatal", "error"}),
    ("To be aware of", lambda issue: issue["severity"] == "warning"),
    ("Further", lambda _issue: True),
)


def shown(answer: bytes) -> str:
    """The answer to a check as text, coloured where standard output is a terminal."""
    out = Console(highlight=False, markup=False, emoji=False)
    with out.capture() as captured:
        show(answer, out)
    return captured.get()


def show(answer: bytes, out: Console) -> None:
    """Prints the answer to a check."""
    resources = list(_resources(msgspec.json.decode(answer)))
    outcome = next(one for one in resources if one["resourceType"] == "OperationOutcome")
    clearing = _clearing(resources)
    show_flags(out, [one for one in resources if one["resourceType"] == "Flag"], clearing)
    for plan in (one for one in resources if one["resourceType"] == "CarePlan"):
        _show_plan(out, plan)
    told = tuple(sentence for sentences in clearing.values() for sentence in sentences)
    _show_issues(out, [issue for issue in outcome["issue"] if not (told and issue["details"]["text"].endswith(told))])
    _show_account(out, outcome.get("extension", []))


def _resources(answer: Json) -> Iterator[Json]:
    """The resources of a collection, or of Parameters that hold a transaction."""
    if answer["resourceType"] == "Parameters":
        for parameter in answer["parameter"]:
            held = parameter["resource"]
            yield from _resources(held) if held["resourceType"] == "Bundle" else [held]
    else:
        yield from (entry["resource"] for entry in answer.get("entry", []))


def _clearing(resources: list[Json]) -> dict[str, list[str]]:
    """By rule, what would clear its flags, where GuidanceResponses say so."""
    clearing: dict[str, list[str]] = {}
    for guidance in (one for one in resources if one["resourceType"] == "GuidanceResponse"):
        rule = guidance["moduleCanonical"].rpartition("/")[2].partition("|")[0]
        output = guidance["contained"][0]["parameter"]
        clearing[rule] = list(dict.fromkeys(one["valueString"] for one in output if one["name"] == "clearedBy"))
    return clearing


def show_flags(out: Console, flags: list[Json], clearing: Mapping[str, list[str]] | None = None) -> None:
    """Prints each flag with its sentence, its evidence and what would clear it."""
    if not flags:
        _heading(out, "No flag is raised; see below for what could not be told")
    for flag in flags:
        priority = _extension(flag, "flag-priority").get("valueCodeableConcept", {}).get("coding", [{}])[0]
        period = flag.get("period", {})
        rule = flag["code"]["coding"][0]
        line = Text(priority.get("display", ""), style=_PRIORITY_STYLES.get(priority.get("code", ""), ""))
        line.append(f"  {rule.get('display', rule['code'])}", style="bold")
        line.append(f"  {flag['status']}{_days(period)}  ({rule['code']})")
        out.print()
        out.print(line)
        _indented(out, flag["code"]["text"])
        evidence = [one["valueReference"] for one in flag.get("extension", []) if one["url"].endswith("/flag-detail")]
        if evidence:
            _indented(out, f"Evidence: {', '.join(map(_reference, evidence))}")
        if flag["status"] == "active":
            for sentence in (clearing or {}).get(rule["code"], []):
                _indented(out, sentence)


def _show_plan(out: Console, plan: Json) -> None:
    _heading(out, f"{plan.get('title', 'Plan')} ({plan['status']})")
    for activity in plan.get("activity", []):
        detail = activity["detail"]
        reasons = [
            reason.get("text") or reason["coding"][0].get("display", "") for reason in detail.get("reasonCode", [])
        ]
        _item(out, f"{detail['description']}{_days(detail.get('scheduledPeriod', {}))}")
        if reasons:
            _indented(out, f"because of: {'; '.join(reasons)}")


def _show_issues(out: Console, issues: Iterable[Json]) -> None:
    left = list(issues)
    for title, belongs in _SECTIONS:
        found = [issue for issue in left if belongs(issue)]
        left = [issue for issue in left if issue not in found]
        if found:
            _heading(out, title)
        for issue in found:
            where = "".join(f" [{expression}]" for expression in issue.get("expression", []))
            _item(out, issue["details"]["text"] + where)


def _show_account(out: Console, extensions: list[Json]) -> None:
    parts: list[Json] = next((one["extension"] for one in extensions if one["url"].endswith("/account")), [])
    values = {part["url"]: _value(part) for part in parts if "extension" not in part}
    rejected = [
        {inner["url"]: _value(inner) for inner in part["extension"]} for part in parts if part["url"] == "rejected"
    ]
    rules = {inner["url"]: _value(inner) for part in parts if part["url"] == "ruleSet" for inner in part["extension"]}
    _heading(out, "Account")
    _item(out, f"As of {values.get('asOf')} ({values.get('timeZone')})")
    received, used, unread = (values.get(name) for name in ("received", "used", "notRead"))
    _item(out, f"{received} entries received, {used} used, {unread} not read")
    for one in rejected:
        _item(out, f"{one['count']} rejected: {one['reason']}")
    _item(out, f"Rule set {rules.get('version')}, {rules.get('digest')}")


def _value(part: Json) -> Any:
    return next((value for name, value in part.items() if name.startswith("value")), None)


def _extension(resource: Json, name: str) -> Json:
    return next((one for one in resource.get("extension", []) if one["url"].endswith(f"/{name}")), {})


def _days(period: Json) -> str:
    start, end = period.get("start", ""), period.get("end", "")
    if not end:
        return f" from {start}" if start else ""
    return f" {start} to {end}" if start else f" until {end}"


def _reference(reference: Json) -> str:
    identifier = reference.get("identifier", {})
    return str(reference.get("reference") or identifier.get("value") or reference.get("display", "(not named)"))


def _heading(out: Console, text: str) -> None:
    out.print()
    out.print(Text(text, style="bold underline"))


def _item(out: Console, text: str) -> None:
    line = Table.grid(padding=(0, 1))
    line.add_row(Text("-"), Text(text))
    out.print(Padding(line, (0, 0, 0, 2)))


def _indented(out: Console, text: str) -> None:
    out.print(Padding(Text(text), (0, 0, 0, 4)))
