"""The check digits that code systems carry."""

import re

_PERMUTED = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
for _ in range(6):
    _PERMUTED.append([_PERMUTED[-1][_PERMUTED[1][digit]] for digit in range(10)])


def _product(one: int, other: int) -> int:
    """Multiplication in the dihedral group of the pentagon."""
    if one < 5:
        return (one + other) % 5 + (5 if other >= 5 else 0)
    return (one - other) % 5 + (5 if other < 5 else 0)


def is_loinc(code: str) -> bool:
    """LOINC: digits (after LA for an answer), a hyphen and the Luhn (mod 10) digit."""
    if not re.fullmatch(r"(?:LA)?\d+-\d", code):
        return False
    plain, _, check = code.partition("-")
    body = "".join(str(int(sign, 36)) for sign in plain)
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(reversed(body))
    )
    return (10 - total % 10) % 10 == int(check)


def is_snomed(code: str) -> bool:
    """SNOMED CT: 6 to 18 digits, the last of which is Verhoeff's."""
    if not (code.isdigit() and 6 <= len(code) <= 18 and code[0] != "0"):
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _product(check, _PERMUTED[place % 8][int(digit)])
    return check == 0
