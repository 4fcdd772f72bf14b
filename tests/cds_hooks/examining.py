"""Every requirement looked at from outside, one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import httpx

from tests.cds_hooks.blackbox.judging import Failed, NotApplicable
from tests.cds_hooks.blackbox.session import Session
from tests.cds_hooks.requirement import Reason, Requirement, Shown
from tests.cds_hooks.table import REQUIREMENTS

PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not applicable"


class Result(NamedTuple):
    """What became of one requirement, and why."""

    requirement: Requirement
    outcome: str
    why: str

    @property
    def line(self) -> str:
        """The result as it is printed."""
        return f"{self.requirement.id:<26} {self.requirement.level:<10} {self.outcome:<14} {self.why}"


def examined(session: Session, requirements: Iterable[Requirement] = REQUIREMENTS) -> Iterator[Result]:
    """The result of each requirement."""
    for requirement in requirements:
        yield Result(requirement, *_outcome(session, requirement))


def _outcome(session: Session, requirement: Requirement) -> tuple[str, str]:
    proof = requirement.proof
    if isinstance(proof, Reason):
        return NOT_APPLICABLE, proof.text
    if isinstance(proof, Shown):
        return NOT_APPLICABLE, f"it cannot be seen from outside; ours is shown to meet it by {proof.node}"
    try:
        return PASSED, proof(session)
    except NotApplicable as why:
        return NOT_APPLICABLE, str(why)
    except Failed as why:
        return FAILED, str(why)
    except httpx.HTTPError as error:
        return FAILED, f"no answer: {type(error).__name__}"
