"""Every requirement with what shows that it is met, in the order of the specification and then ours."""

from tests.cds_hooks.requirement import SPECIFIED, Requirement
from tests.cds_hooks.table import calling, carding, offering, ours, suggesting, trusting


def _place(requirement: Requirement) -> tuple[bool, int]:
    number = requirement.id.removeprefix(SPECIFIED)
    return (False, int(number)) if number.isdecimal() else (True, 0)


REQUIREMENTS: tuple[Requirement, ...] = tuple(
    sorted(
        (*offering.ROWS, *calling.ROWS, *carding.ROWS, *suggesting.ROWS, *trusting.ROWS, *ours.ROWS),
        key=_place,
    )
)
