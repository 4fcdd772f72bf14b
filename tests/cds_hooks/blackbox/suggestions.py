"""Checks of suggestions and of the actions in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.cds_hooks.blackbox.cards import is_text
from tests.cds_hooks.blackbox.judging import require_none, seen
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.blackbox.session import Session, listed

BEHAVIORS = ("at-most-one", "any")
_TYPES = ("create", "update", "delete")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


def _having(session: Session) -> list[tuple[str, Json]]:
    """The cards with suggestions."""
    return [(where, card) for where, card in session.cards if "suggestions" in card]


def _suggestions(session: Session) -> list[tuple[str, Json]]:
    return [
        (f"{where}.suggestions[{index}]", one)
        for where, card in session.cards
        for index, one in enumerate(listed(card, "suggestions"))
    ]


def _actions(session: Session, *types: str) -> list[tuple[str, Json]]:
    found = [
        (f"{where}.actions[{index}]", one)
        for where, suggestion in _suggestions(session)
        for index, one in enumerate(listed(suggestion, "actions"))
    ]
    found += [
        (f"{call.name} systemActions[{index}]", one)
        for call, answer in session.answers
        for index, one in enumerate(listed(answer, "systemActions"))
    ]
    return [(where, one) for where, one in found if not types or one.get("type") in types]


def are_an_array(session: Session) -> str:
    """Suggestions are an array of objects."""
    having = _having(session)
    require_none(
        f"{where}: suggestions are no array of objects" for where, one in having if not _are_objects(one["suggestions"])
    )
    return seen(len(having), "cards with suggestions")


def come_with_a_behavior(session: Session) -> str:
    """A card with suggestions says how many of them may be chosen."""
    having = _having(session)
    require_none(f"{where}: no selectionBehavior" for where, one in having if "selectionBehavior" not in one)
    return seen(len(having), "cards with suggestions")


def have_a_behavior_as_text(session: Session) -> str:
    """How many may be chosen is told as text."""
    having = [(where, one) for where, one in session.cards if "selectionBehavior" in one]
    require_none(f"{where}: it is no text" for where, one in having if not is_text(one["selectionBehavior"]))
    return seen(len(having), "cards with selectionBehavior")


def have_a_known_behavior(session: Session) -> str:
    """One at most may be chosen, or any."""
    having = [(where, one["selectionBehavior"]) for where, one in session.cards if "selectionBehavior" in one]
    require_none(f"{where}: selectionBehavior {value!r}" for where, value in having if value not in BEHAVIORS)
    return seen(len(having), "cards with selectionBehavior")


def have_a_label(session: Session) -> str:
    """A suggestion has a label."""
    suggestions = _suggestions(session)
    require_none(f"{where}: no label" for where, one in suggestions if not is_text(one.get("label")))
    return seen(len(suggestions), "suggestions")


def have_unique_uuids(session: Session) -> str:
    """A suggestion's uuid is text, and no other suggestion's."""
    having = [(where, one["uuid"]) for where, one in _suggestions(session) if "uuid" in one]
    require_none(f"{where}: its uuid is no text" for where, uuid in having if not is_text(uuid))
    uuids = [uuid for _, uuid in having]
    require_none(f"{where}: another suggestion has its uuid" for where, uuid in having if uuids.count(uuid) > 1)
    return seen(len(having), "suggestions with uuid")


def are_recommended_or_not(session: Session) -> str:
    """Whether a suggestion is recommended is true or false."""
    having = [(where, one["isRecommended"]) for where, one in _suggestions(session) if "isRecommended" in one]
    require_none(f"{where}: isRecommended is no boolean" for where, value in having if not isinstance(value, bool))
    return seen(len(having), "suggestions with isRecommended")


def are_recommended_once(session: Session) -> str:
    """Where one may be chosen, one at most is recommended."""
    single = [(where, one) for where, one in _having(session) if one.get("selectionBehavior") == BEHAVIORS[0]]
    many = [
        (where, sum(one.get("isRecommended") is True for one in listed(card, "suggestions"))) for where, card in single
    ]
    require_none(f"{where}: {count} are recommended" for where, count in many if count > 1)
    return seen(len(single), "cards of whose suggestions one may be chosen")


def have_actions(session: Session) -> str:
    """Actions are an array of objects."""
    having = [(where, one["actions"]) for where, one in _suggestions(session) if "actions" in one]
    require_none(f"{where}: actions are no array of objects" for where, value in having if not _are_objects(value))
    return seen(len(having), "suggestions with actions")


def have_actions_of_a_type(session: Session) -> str:
    """An action creates, updates or deletes."""
    actions = _actions(session)
    require_none(f"{where}: the type {one.get('type')!r}" for where, one in actions if one.get("type") not in _TYPES)
    return seen(len(actions), "actions")


def have_actions_in_words(session: Session) -> str:
    """An action has a description."""
    actions = _actions(session)
    require_none(f"{where}: no description" for where, one in actions if not is_text(one.get("description")))
    return seen(len(actions), "actions")


def have_actions_with_resources(session: Session) -> str:
    """An action's resource is a FHIR resource."""
    having = [(where, one["resource"]) for where, one in _actions(session) if "resource" in one]
    require_none(f"{where}: its resource is none of FHIR" for where, value in having if not _is_resource(value))
    return seen(len(having), "actions with resource")


def create_what_is_new(session: Session) -> str:
    """What is created is given whole, and is nothing that the client has sent."""
    actions = _actions(session, "create")
    require_none(f"{where}: no resource to create" for where, one in actions if not _is_resource(one.get("resource")))
    sent = {f"{one['resourceType']}/{one.get('id')}" for one in session.resources}
    named = [(where, f"{one['resource']['resourceType']}/{one['resource'].get('id')}") for where, one in actions]
    require_none(f"{where}: {name} is there already" for where, name in named if name in sent)
    return seen(len(actions), "actions that create")


def delete_by_reference(session: Session) -> str:
    """What is deleted is named in resourceId."""
    actions = _actions(session, "delete")
    require_none(f"{where}: no resourceId" for where, one in actions if "resourceId" not in one)
    return seen(len(actions), "actions that delete")


def delete_without_resource(session: Session) -> str:
    """What is deleted is not named in the place of a resource."""
    actions = _actions(session, "delete")
    require_none(f"{where}: a resource" for where, one in actions if "resource" in one)
    return seen(len(actions), "actions that delete")


def name_resources_as_text(session: Session) -> str:
    """resourceId is a relative reference."""
    having = [(where, one["resourceId"]) for where, one in _actions(session) if "resourceId" in one]
    wrong = ((where, one) for where, one in having if not isinstance(one, str) or _RELATIVE.fullmatch(one) is None)
    require_none(f"{where}: resourceId {one!r}" for where, one in wrong)
    return seen(len(having), "actions with resourceId")


def refer_to_what_is_there(session: Session) -> str:
    """All actions of a suggestion are done together: a reference is to one of them, or to what the client has."""
    suggestions = [(where, one) for where, one in _suggestions(session) if listed(one, "actions")]
    there = {f"{one['resourceType']}/{one.get('id')}" for one in session.resources}
    for where, suggestion in suggestions:
        resources = [one["resource"] for one in listed(suggestion, "actions") if _is_resource(one.get("resource"))]
        made = {f"{one['resourceType']}/{one['id']}" for one in resources if "id" in one}
        urns = {f"urn:uuid:{one['id']}" for one in resources if "id" in one}
        for resource in resources:
            own = {f"#{one.get('id')}" for one in listed(resource, "contained")}
            known = there | made | urns | own
            require_none(f"{where}: {one} is not there" for one in references(resource) if one not in known)
    return seen(len(suggestions), "suggestions with actions")


def references(value: Any) -> Iterator[str]:
    """Every literal reference but those to other servers, without its version."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        if name == "reference" and isinstance(member, str):
            if not member.startswith(("http://", "https://")):
                yield member.partition("/_history/")[0]
        else:
            yield from references(member)


def _is_resource(value: Any) -> bool:
    return isinstance(value, dict) and is_text(value.get("resourceType"))


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
