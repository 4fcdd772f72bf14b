"""What a caller may do: by the scopes of its token, and for which patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.security.scopes import Access, access_of, scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOR_ALL: Final = ("system", "user")
_FOR_ONE: Final = "patient"


class Grant(NamedTuple):
    """Who calls, what it may do for every patient, and what for the one patient that its token is about."""

    caller: str
    of_all: Access
    of_one: Access
    patient: str = ""

    def permits(self, wanted: Mapping[str, str], patient: str = "") -> bool:
        """Whether it was granted these letters of `cruds` on each resource type, for one patient or, without, for all.

        A scope that holds for some resources of a type only is no grant of what is wanted here.
        """
        access = self.of_one if patient and patient == self.patient else self.of_all
        return all(access.permits_all(kind, letters) for kind, letters in wanted.items())


def granted(caller: str, scope: str, patient: str) -> Grant:
    """What a token with this scope grants; what is not understood of it grants nothing."""
    return Grant(caller, access_of(scope, _FOR_ALL), access_of(scope, (*_FOR_ALL, _FOR_ONE)), patient)


def everything(caller: str) -> Grant:
    """What the site's own secret grants."""
    return Grant(caller, Access(), Access())


def scope_for(wanted: Mapping[str, str]) -> str:
    """One scope, as SMART v2 writes it, that grants what is wanted for every patient."""
    return scope_of(wanted, "v2")
