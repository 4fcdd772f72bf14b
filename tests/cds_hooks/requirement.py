"""One requirement on a CDS service, in our words, and what shows that it is met."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from tests.cds_hooks.blackbox.session import Session

SPECIFIED = "cds-hooks_2.0@"
# What we ask of a CDS service beyond the specification, because a patient may come to harm without it.
OWN = "own@"

Check: TypeAlias = Callable[[Session], str]


class Shown(NamedTuple):
    """A test among these, by its file and name: what it looks at cannot be seen from outside."""

    node: str


class Reason(NamedTuple):
    """Why there is no test, and what stands for it."""

    text: str


class Requirement(NamedTuple):
    """`level` is the specification's word for how binding it is; a check can be made of any service from outside."""

    id: str
    level: str
    words: str
    proof: Check | Shown | Reason

    @property
    def shown_by(self) -> str:
        """The test, or the reason why there is none."""
        if isinstance(self.proof, Shown):
            return self.proof.node
        if isinstance(self.proof, Reason):
            return f"No test: {self.proof.text}"
        return f"{self.proof.__module__.replace('.', '/')}.py::{self.proof.__name__}"


def specified(number: int, level: str, words: str, proof: Check | Shown | Reason) -> Requirement:
    """A requirement of CDS Hooks 2.0 by its number."""
    return Requirement(f"{SPECIFIED}{number}", level, words, proof)


def own(name: str, words: str, proof: Check) -> Requirement:
    """A requirement of ours."""
    return Requirement(f"{OWN}{name}", "OURS", words, proof)
