"""The findings of a probe as text: plain lines that stay whole when they are piped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.cli.probed import Probed, Trial
    from service.fhir.probing import Smart, Stated, Subscribing

_YES_NO: Final = {True: "yes", False: "no", None: "-"}
_WRITTEN: Final = {"flag": "Flag and CarePlan", "task": "Task"}
_NOT_TOLD: Final = "not told"


def report(found: Probed) -> None:
    """Prints everything that was found."""
    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    out.print(Text(found.url, style="bold"))
    if found.stated is None:
        out.print(f"It cannot be used: {found.fault}.")
        return
    for title, lines in _sections(found, found.stated):
        out.print()
        out.print(Text(title, style="bold"))
        for line in lines:
            out.print(f"  {line}")


def _sections(found: Probed, told: Stated) -> Iterator[tuple[str, Sequence[str]]]:
    yield "Server", [f"FHIR {told.fhir_version}", f"software: {told.software or _NOT_TOLD}"]
    yield "What the rules read", list(_reading(told, found.trial))
    if found.trial is not None:
        yield "One patient fetched", list(_trial(found.trial))
    yield "What can be written", list(_writing(told))
    yield "Subscriptions", list(_subscribing(told.subscriptions))
    yield "SMART Backend Services", [*_smart(told.smart), *_scopes(told, found.scopes)]
    yield "Settings for this server", found.settings.splitlines()


def _reading(told: Stated, trial: Trial | None) -> Iterator[str]:
    paging = None if trial is None else trial.paging
    smaller = {} if paging is None else paging.smaller_pages
    rows = [("resource type", "by patient", "by code", "page size")]
    for one in told.reads:
        unknown = _NOT_TOLD if paging is None else "as asked"
        size = f"at most {smaller[one.type]}" if one.type in smaller else unknown
        rows.append((one.type, _YES_NO[one.by_patient], _YES_NO[one.by_code], size if one.by_patient else "-"))
    yield from _table(rows)
    if missing := [one.type for one in told.reads if not one.by_patient]:
        yield f"Nothing is concluded from the absence of: {', '.join(missing)}."
    yield f"batch: {_YES_NO[told.batch]}" + ("" if told.batch else ", so each search is a request of its own")
    yield f"Patient/$everything: {_YES_NO[told.everything]} (not used: it cannot be narrowed to what rules read)"
    post = None if paging is None else paging.post_search
    yield f"POST _search: {'no server tells; --patient tries it' if post is None else _YES_NO[post]}"


def _trial(trial: Trial) -> Iterator[str]:
    if trial.fault:
        yield f"It was not fetched: {trial.fault}."
        return
    yield f"requests: {trial.requests}"
    if not trial.gaps:
        yield "nothing that rules read is missing"
    yield from (f"gap: {kind}: {reason}" for kind, reason in sorted(trial.gaps.items()))


def _writing(told: Stated) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [
        ("resource type", "create", "update", "our ids", "If-None-Exist", "versions checked")
    ]
    for one in told.writes:
        can = (one.create, one.update, one.update_create, one.conditional_create, one.checks_versions)
        rows.append((one.type, *(_YES_NO[each] for each in can)))
    yield from _table(rows)
    if told.write_as == "none":
        yield f"Nothing will be written: {told.not_written}."
        return
    yield f"What will be written, where a site allows it: {_WRITTEN[told.write_as]}."
    if told.one_writer:
        yield "Only one writer at a time can be promised unless the workers share a store: they do where"
        yield "MOODMARKER_SERVICE_KEY is set, in MOODMARKER_STORE."
    else:
        yield "The server itself keeps a second writer from storing the same twice."


def _subscribing(told: Subscribing) -> Iterator[str]:
    yield f"with R4 criteria: {_YES_NO[told.create]}"
    yield f"topics of the R5 backport: {', '.join(told.topics) if told.topics else 'none told'}"
    if told.operations:
        yield f"operations: {', '.join(f'${one}' for one in told.operations)}"


def _smart(told: Smart) -> Iterator[str]:
    if told.fault:
        yield f"SMART configuration: {told.fault}"
        return
    yield f"offered: {_YES_NO[told.backend_services]}"
    if not told.token_endpoint:
        return
    place = "on the server's origin" if told.same_origin else f"on another origin: {told.token_endpoint}"
    yield f"token endpoint: {place}"
    yield f"algorithms: {', '.join(told.algorithms) or _NOT_TOLD} (ES384 and RS384 can be used)"
    yield f"scopes: {', '.join(told.scopes) or _NOT_TOLD}"


def _scopes(told: Stated, scopes: str) -> Iterator[str]:
    if told.smart.backend_services:
        yield f"scopes to allow: {scopes}"
    if told.not_granted:
        yield f"The token does not let this service read: {', '.join(told.not_granted)}."


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Columns of a width; no table of rich's, which would cut names where it is narrow."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
