"""The lines of settings that fit a server, made from what it says and from what a fetch showed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import ValidationError

from service.settings import FhirServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.fhir.probing import Paging, Smart, Stated


def suggested(name: str, server: FhirServer, told: Stated, paging: Paging | None) -> str:
    """A table of the TOML file; what a site has to decide itself stands there as a comment."""
    lines = [f"[servers.{_key(name)}]", f"url = {_text(server.url)}"]
    lines += _tokens(server, told.smart)
    if paging is not None and paging.smaller_pages:
        lines.append(f"page_size = {max(max(paging.smaller_pages.values()), 1)}")
    if paging is not None and paging.post_search is False:
        lines.append("post_search = false")
    if not told.batch:
        lines.append("# batch = true  # if it takes batches all the same: a patient is then read in fewer requests")
    if missing := [one.type for one in told.reads if not one.by_patient]:
        lines.append(f"# searched = {json.dumps(missing)}  # those that it can search by patient all the same")
    return "\n".join([*lines, *_writing(told)])


def _tokens(server: FhirServer, smart: Smart) -> Iterator[str]:
    if not smart.backend_services:
        yield '# token = "..."  # if it asks for one'
        return
    yield '# client_id = "..."  # as the server has registered this service; make keys with: moodmarker keys new'
    if smart.algorithms and "ES384" not in smart.algorithms and "RS384" in smart.algorithms:
        yield '# algorithm = "RS384"'
    if smart.scopes == ("v1",):
        yield '# scopes = "v1"'
    if not smart.same_origin and _is_taken(server, smart.token_endpoint):
        yield f"# token_url = {_text(smart.token_endpoint)}  # on another origin: check that it is right"


def _is_taken(server: FhirServer, token_url: str) -> bool:
    try:
        FhirServer.model_validate({"url": server.url, "token_url": token_url})
    except ValidationError:
        return False
    return True


def _writing(told: Stated) -> Iterator[str]:
    if told.write_as == "none":
        return
    what = "Flags and CarePlans" if told.write_as == "flag" else "Tasks"
    yield f"# write = true  # to have {what} stored when a caller asks for it"


def _key(name: str) -> str:
    """A name as a key of TOML."""
    plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if plain else _text(name)


def _text(value: str) -> str:
    """A basic string of TOML, which escapes as JSON does."""
    return json.dumps(value)
