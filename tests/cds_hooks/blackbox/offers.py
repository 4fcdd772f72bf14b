"""Checks of the discovery: where it is, and how it describes each service."""

from __future__ import annotations

import json
from typing import Any

from tests.cds_hooks.blackbox.judging import NotApplicable, require, require_none, seen
from tests.cds_hooks.blackbox.session import DISCOVERY, Session, document_of


def is_where_it_belongs(session: Session) -> str:
    """The discovery is at {base}/cds-services."""
    status = session.discovery.status_code
    require(status not in (404, 405), f"GET {DISCOVERY} answers {status}")
    return DISCOVERY


def answers_every_time(session: Session) -> str:
    """The discovery is there whenever it is asked for."""
    statuses = [session.discovery.status_code, *(session.send("GET", DISCOVERY).status_code for _ in range(2))]
    require(len(set(statuses)) == 1 and statuses[0] < 500, f"three requests in a row answer {statuses}")
    return "3 times"


def answers_with_200(session: Session) -> str:
    """A discovery that succeeds has the status 200."""
    require(session.discovery.status_code == 200, f"it answers {session.discovery.status_code}")
    return "200"


def is_a_list_of_services(session: Session) -> str:
    """The answer is an object with an array of services."""
    services = document_of(session.discovery).get("services")
    require(isinstance(services, list), "services is no array")
    require_none(f"services[{at}] is no object" for at, one in enumerate(services or ()) if not isinstance(one, dict))
    return f"services: {len(services or ())}"


def _all_have(session: Session, name: str, kind: type, *, needed: bool) -> str:
    """Every service has a member of a type, or, where it is not needed, none of another type."""
    having = [one for one in session.services if name in one]
    if needed:
        require_none(f"services[{at}] has no {name}" for at, one in enumerate(session.services) if name not in one)
    require_none(f"{name} is no {kind.__name__}" for one in having if not isinstance(one[name], kind) or not one[name])
    return seen(len(having), f"services with {name}")


def has_a_hook(session: Session) -> str:
    """Every service names its hook."""
    return _all_have(session, "hook", str, needed=True)


def has_a_title(session: Session) -> str:
    """Every service has a title."""
    return _all_have(session, "title", str, needed=True)


def has_a_description(session: Session) -> str:
    """Every service has a description."""
    return _all_have(session, "description", str, needed=True)


def has_an_id(session: Session) -> str:
    """Every service has an id."""
    return _all_have(session, "id", str, needed=True)


def has_prefetch_as_object(session: Session) -> str:
    """Prefetch is an object of keys and templates."""
    _all_have(session, "prefetch", dict, needed=False)
    return seen(sum(isinstance(text, str) for _, text in session.all_templates), "templates")


def has_usage_requirements_as_text(session: Session) -> str:
    """What has to be met for the use of a service is told in words."""
    return _all_have(session, "usageRequirements", str, needed=False)


def registers_its_templates(session: Session) -> str:
    """What is to be prefetched is told in the discovery, as queries."""
    require_none(
        f"the template of {key} is no FHIR query" for key, text in session.all_templates if not _is_query(text)
    )
    return seen(len(session.all_templates), "templates")


def _is_query(text: Any) -> bool:
    return isinstance(text, str) and text[:1].isupper() and ("/" in text or "?" in text)


def tells_templates_apart(session: Session) -> str:
    """Each template has a key of its own."""
    doubled: list[str] = []

    def paired(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        doubled.extend(name for name in names if names.count(name) > 1 or not name)
        return dict(pairs)

    keys = [key for key, _ in session.all_templates]
    json.loads(session.discovery.text, object_pairs_hook=paired)
    require_none(f"the key {key!r} stands twice in an object, or is empty" for key in doubled)
    return seen(len(keys), "keys")


def has_services_at_their_ids(session: Session) -> str:
    """A service is called at {base}/cds-services/{id}."""
    missing = [call.name for call in session.calls if call.response.status_code in (404, 405)]
    require_none(f"{name} is not there" for name in missing)
    return seen(len(session.calls), "calls")


def shares_ids_across_hooks_only(session: Session) -> str:
    """Services of one id are of different hooks: the later cards take the place of the earlier."""
    pairs = [(str(one.get("id")), str(one.get("hook"))) for one in session.services]
    require_none(f"{name} is listed twice for {hook}" for name, hook in pairs if pairs.count((name, hook)) > 1)
    shared = {name for name, _ in pairs if sum(other == name for other, _ in pairs) > 1}
    if not shared:
        raise NotApplicable("no two services share an id")
    return ", ".join(sorted(shared))
