"""What a notification hints at: patients, else resources to look up, else only that something changed.

A hint decides nothing: what is assessed is read from the configured server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.fhir.subscriptions.pointers import PATIENT, Pointer, pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.fhir.subscriptions.notifications import Event, Notification
    from service.fhir.subscriptions.pointers import Payload


class Source(NamedTuple):
    """Where notifications come from: the base of its server, and the resource types that matter."""

    base: str
    types: frozenset[str]


class Hints(NamedTuple):
    """`patients` are ids, or addresses such as Observation/1 of resources whose patient was not named.

    `unnamed`: something changed and nothing says what. `versions` names every resource that the hints come from as
    Type/id/version, or nothing where one of them came without its version.
    """

    patients: tuple[str, ...] = ()
    unnamed: bool = False
    versions: tuple[str, ...] = ()


def hints_of(notification: Notification, source: Source) -> Hints:
    """The hints of a notification of events; each event, and each resource that none points to, stands for itself."""
    sent: dict[Pointer, list[Payload]] = {}
    nameless: list[Payload] = []
    for one in notification.resources:
        if one.pointer is None:
            nameless.append(one)
        else:
            # One resource may come in two versions, of two patients.
            sent.setdefault(one.pointer, []).append(one)
    focused = [pointer_of(event.focus, source.base) for event in notification.events]
    alone = [one for pointer, several in sent.items() if pointer not in focused for one in several]
    found = [_of_event(event, sent, source) for event in notification.events]
    found += [hints_of_payload(one, source) for one in (*alone, *nameless)]
    if not found or (notification.unread and not (focused and all(focused))):
        # What could not be read may be what no event points to.
        found.append(Hints(unnamed=True))
    return _together(found)


def hints_of_payload(payload: Payload, source: Source) -> Hints:
    """The hints of a resource that was sent by itself."""
    if payload.resourceType not in source.types:
        return Hints()
    versions = (payload.version,) if payload.version else ()
    if patient := payload.patient_of(source.base):
        return Hints((patient,), versions=versions)
    pointer = payload.pointer
    return Hints((pointer.address,), versions=versions) if pointer else Hints(unnamed=True)


def hints_of_pointer(pointer: Pointer | None, source: Source) -> Hints:
    """The hints of a resource that is only pointed to."""
    if pointer is None:
        return Hints(unnamed=True)
    if pointer.resource_type not in source.types:
        return Hints()
    return Hints((pointer.id if pointer.resource_type == PATIENT else pointer.address,))


def _of_event(event: Event, sent: Mapping[Pointer, Sequence[Payload]], source: Source) -> Hints:
    focus = pointer_of(event.focus, source.base)
    if focus is not None and focus.resource_type not in source.types:
        return Hints()
    told = _together(hints_of_payload(one, source) for one in sent.get(focus, ())) if focus else Hints()
    if any("/" not in one for one in told.patients):
        return told
    named = (pointer_of(one, source.base) for one in event.context)
    patients = tuple(one.id for one in named if one is not None and one.resource_type == PATIENT)
    if patients:
        return Hints(patients, versions=told.versions)
    return told if told.patients else hints_of_pointer(focus, source)


def _together(hints: Iterable[Hints]) -> Hints:
    telling = [one for one in hints if one.patients or one.unnamed]
    whole = all(one.versions for one in telling)
    return Hints(
        tuple(dict.fromkeys(patient for one in telling for patient in one.patients)),
        any(one.unnamed for one in telling),
        tuple(dict.fromkeys(version for one in telling for version in one.versions)) if whole else (),
    )
