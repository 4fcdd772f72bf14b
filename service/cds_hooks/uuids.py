"""The UUIDs of cards and suggestions: they tell by themselves which rule and version a card came from.

UUIDs of version 8 (RFC 9562), whose 122 free bits hold, in this order:
  12  the rule, as a hash of its name; 0 for a card of no rule
  10  its version: 2 bits major, 4 minor, 4 patch; 0 for one that does not fit
   8  the first digits of the rule set's digest
   4  which part: 0 the card, from 1 its suggestions
  40  whose card it is: a hash of the hook call and the flag, that only the key's owner can make
  48  a signature of all before it, so that nobody else's UUID, and no made-up one, counts as ours
The same card of the same hook call has the same UUIDs, so that a call that is repeated gets the same answer.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from pydantic import SecretStr

    from service.domain.rule import Rule
    from service.domain.ruleset import RuleSet

MOST_PARTS: Final = 16
_DIGEST_DIGITS: Final = 2
_RULE, _MAJOR, _MINOR, _PATCH, _DIGEST, _PART, _CARD, _SIGNATURE = 12, 2, 4, 4, 8, 4, 40, 48
_VERSION: Final = (_MAJOR, _MINOR, _PATCH)
_SIGNED: Final = (_RULE, *_VERSION, _DIGEST, _PART, _CARD)
_SIGNED_BYTES: Final = -(-sum(_SIGNED) // 8)
# The longest spelling that is read: urn:uuid:{...} with its hyphens.
_LONGEST: Final = 64


class Origin(NamedTuple):
    """Where a card came from: `version` is the rule's then, empty when it is not known; `digest` begins the rule set's.

    `uuid` is spelled as we spell it. `is_present` says that the rule set is the one that is read with. `part` is 0
    for the card itself, else the number of a suggestion on it.
    """

    uuid: str
    rule: Rule | None
    version: str
    digest: str
    is_present: bool
    part: int


def card_key(service_key: SecretStr | None) -> bytes:
    """The key of cards; without a service key one that no other process has and no other start."""
    if service_key is None:
        return secrets.token_bytes(32)
    return hmac.digest(service_key.get_secret_value().encode(), b"moodmarker cards", "sha256")


def card_uuid(
    key: bytes, rule: Rule | None, rule_set: RuleSet, hook_instance: str, flag_identifier: str, part: int
) -> str:
    """The UUID of a card (part 0), or of a suggestion on it (parts 1 to 15).

    A card of no rule, or of several flags, has instead of a flag's identifier whatever tells it from others of its
    hook call.
    """
    if not 0 <= part < MOST_PARTS:
        raise ValueError(f"a card has at most {MOST_PARTS - 1} suggestions")
    whose = _hash(key, b"card", msgspec.json.encode([hook_instance, flag_identifier]), _CARD)
    digest = int(digest_digits(rule_set), 16)
    signed = _joined(_SIGNED, (_named(rule), *_numbers(rule), digest, part, whose))
    return str(_uuid(signed << _SIGNATURE | _signature(key, signed)))


def read_uuid(key: bytes, text: str, rule_set: RuleSet) -> Origin | None:
    """What a UUID of ours tells, however it is spelled; None for any other, and for one of a rule that is no more."""
    bits = _bits(text)
    if bits is None:
        return None
    signed, signature = bits >> _SIGNATURE, bits & _mask(_SIGNATURE)
    if not hmac.compare_digest(_as_bytes(signature), _as_bytes(_signature(key, signed))):
        return None
    named, *version, digest, part, _ = _parted(_SIGNED, signed)
    rule = next((rule for rule in rule_set.rules if rule_hash(rule.name) == named), None)
    if rule is None and named:
        return None
    digits = f"{digest:0{_DIGEST_DIGITS}x}"
    spelled = ".".join(map(str, version)) if any(version) else ""
    return Origin(str(_uuid(bits)), rule, spelled, digits, digits == digest_digits(rule_set), part)


def rule_hash(name: str) -> int:
    """The hash of a rule's name, which no two rules may share."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()) >> (256 - _RULE)


def digest_digits(rule_set: RuleSet) -> str:
    """As much of a rule set's digest as a UUID holds."""
    return rule_set.digest[:_DIGEST_DIGITS]


def _named(rule: Rule | None) -> int:
    return 0 if rule is None else rule_hash(rule.name)


def _numbers(rule: Rule | None) -> tuple[int, ...]:
    """A rule's version as its three numbers; zeros for one that is spelled otherwise or has too large a number."""
    spelled = "" if rule is None else rule.version
    numbers = tuple(int(part) if part.isdecimal() else -1 for part in spelled.split("."))
    fits = len(numbers) == len(_VERSION) and all(
        0 <= number <= _mask(width) for number, width in zip(numbers, _VERSION, strict=True)
    )
    return numbers if fits else (0,) * len(_VERSION)


def _signature(key: bytes, signed: int) -> int:
    return _hash(key, b"uuid", signed.to_bytes(_SIGNED_BYTES), _SIGNATURE)


def _hash(key: bytes, purpose: bytes, message: bytes, width: int) -> int:
    return int.from_bytes(hmac.digest(key, purpose + b"\n" + message, "sha256")) >> (256 - width)


def _joined(widths: tuple[int, ...], values: tuple[int, ...]) -> int:
    joined = 0
    for width, value in zip(widths, values, strict=True):
        joined = joined << width | value
    return joined


def _parted(widths: tuple[int, ...], joined: int) -> list[int]:
    parts = []
    for width in reversed(widths):
        parts.append(joined & _mask(width))
        joined >>= width
    return parts[::-1]


def _mask(width: int) -> int:
    return (1 << width) - 1


def _as_bytes(signature: int) -> bytes:
    return signature.to_bytes(_SIGNATURE // 8)


def _uuid(bits: int) -> UUID:
    """The free bits with version and variant between them: 48, version, 12, variant, 62."""
    return UUID(int=bits >> 74 << 80 | 8 << 76 | (bits >> 62 & _mask(12)) << 64 | 2 << 62 | bits & _mask(62))


def _bits(text: str) -> int | None:
    """The free bits of a UUID that is of our version and variant."""
    try:
        whole = UUID(text).int if len(text) <= _LONGEST else 0
    except ValueError:
        return None
    if whole >> 76 & _mask(4) != 8 or whole >> 62 & _mask(2) != 2:
        return None
    return whole >> 80 << 74 | (whole >> 64 & _mask(12)) << 62 | whole & _mask(62)
