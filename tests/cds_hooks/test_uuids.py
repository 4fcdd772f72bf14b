"""Do the UUIDs of cards tell where they came from, to the owner of the key and of nobody else's?"""

from __future__ import annotations

import dataclasses
import random
from uuid import RFC_4122, UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from service.cds_hooks.uuids import MOST_PARTS, Origin, card_key, card_uuid, digest_digits, read_uuid, rule_hash
from service.domain.ruleset import RuleSet
from service.rules import RULES

KEY = b"k" * 32
RULE_SET = RuleSet(RULES)
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
FLAG = "0123456789abcdef0123456789abcdef01234567"
# The first 16 hexadecimal digits after the version hold what is told, the rest who tells it: see the layout.
SIGNATURE_BITS = 48


def made(part: int = 0, *, rule: int = 0, instance: str = INSTANCE, flag: str = FLAG, key: bytes = KEY) -> str:
    return card_uuid(key, RULES[rule], RULE_SET, instance, flag, part)


@given(st.integers(0, len(RULES) - 1), st.uuids().map(str), st.text(max_size=50), st.integers(0, MOST_PARTS - 1))
def test_each_is_a_uuid_of_version_8_and_tells_its_rule_and_part(
    rule: int, instance: str, flag: str, part: int
) -> None:
    uuid = UUID(made(part, rule=rule, instance=instance, flag=flag))
    assert (uuid.version, uuid.variant) == (8, RFC_4122)
    assert str(uuid) == made(part, rule=rule, instance=instance, flag=flag)
    expected = Origin(str(uuid), RULES[rule], RULES[rule].version, digest_digits(RULE_SET), True, part)
    assert read_uuid(KEY, str(uuid), RULE_SET) == expected


def test_the_bits_of_version_and_variant_are_where_the_rfc_has_them() -> None:
    for part in range(MOST_PARTS):
        spelled = made(part)
        assert len(spelled) == 36
        assert spelled[14] == "8"
        assert spelled[19] in "89ab"


def test_every_rule_is_found_again_and_no_two_have_one_hash() -> None:
    hashes = {rule_hash(rule.name) for rule in RULES}
    assert len(hashes) == len(RULES)
    assert 0 not in hashes
    for index, rule in enumerate(RULES):
        origin = read_uuid(KEY, made(rule=index), RULE_SET)
        assert origin is not None
        assert (origin.rule, origin.version) == (rule, rule.version)


def test_a_card_of_no_rule_is_ours_too() -> None:
    origin = read_uuid(KEY, card_uuid(KEY, None, RULE_SET, INSTANCE, "missing", 2), RULE_SET)
    assert origin is not None
    assert (origin.rule, origin.version, origin.part) == (None, "", 2)


def test_what_differs_has_another_uuid() -> None:
    all_of_them = [made(part) for part in range(MOST_PARTS)]
    all_of_them += [made(instance=str(uuid4())), made(flag="other"), made(rule=1), made(key=b"other")]
    # Neither runs into the other.
    all_of_them += [made(instance="ab", flag="c"), made(instance="a", flag="bc")]
    assert len(set(all_of_them)) == len(all_of_them)


@pytest.mark.parametrize("part", [-1, MOST_PARTS])
def test_there_are_only_so_many_parts(part: int) -> None:
    with pytest.raises(ValueError, match="at most 15 suggestions"):
        made(part)


def test_a_uuid_with_any_bit_changed_is_not_ours() -> None:
    uuid = UUID(made(3)).int
    for bit in range(128):
        assert read_uuid(KEY, str(UUID(int=uuid ^ 1 << bit)), RULE_SET) is None


def test_a_uuid_of_another_key_is_not_ours() -> None:
    assert read_uuid(KEY, made(key=b"another"), RULE_SET) is None


def test_of_a_hundred_thousand_random_uuids_none_is_ours() -> None:
    chance = random.Random(8)
    ours = UUID(made()).int
    for _ in range(100_000):
        bits = chance.getrandbits(128)
        shaped = UUID(int=bits & ~(0xF << 76 | 3 << 62) | 8 << 76 | 2 << 62)
        assert (shaped.version, shaped.variant) == (8, RFC_4122)
        assert read_uuid(KEY, str(shaped), RULE_SET) is None
    for _ in range(1_000):
        guessed = UUID(int=ours >> SIGNATURE_BITS << SIGNATURE_BITS | chance.getrandbits(SIGNATURE_BITS))
        assert (read_uuid(KEY, str(guessed), RULE_SET) is None) == (guessed.int != ours)


@pytest.mark.parametrize("text", ["", "card", "8" * 32, "-" * 36, "8" * 10_000, INSTANCE, "{}", "urn:uuid:", "é" * 32])
def test_what_is_no_uuid_of_ours_is_told_apart(text: str) -> None:
    assert read_uuid(KEY, text, RULE_SET) is None


def test_other_spellings_of_a_uuid_are_the_same() -> None:
    ours = made(1)
    for spelled in (ours.upper(), f"urn:uuid:{ours}", f"{{{ours}}}", ours.replace("-", "")):
        assert read_uuid(KEY, spelled, RULE_SET) == read_uuid(KEY, ours, RULE_SET)


def test_a_changed_rule_is_told_by_the_version_that_it_had() -> None:
    newer = RuleSet(tuple(dataclasses.replace(rule, version="2.7.15") for rule in RULES))
    origin = read_uuid(KEY, made(), newer)
    assert origin is not None
    assert (origin.version, origin.is_present) == (RULES[0].version, False)
    again = read_uuid(KEY, card_uuid(KEY, newer.rules[0], newer, INSTANCE, FLAG, 0), newer)
    assert again is not None
    assert (again.version, again.is_present) == ("2.7.15", True)


@pytest.mark.parametrize("version", ["4.0.0", "1.16.0", "1.0.16", "1.0", "1.0.0.0", "1.0.0-beta", "", "1.-1.0"])
def test_a_version_that_does_not_fit_is_told_as_not_known(version: str) -> None:
    odd = RuleSet(tuple(dataclasses.replace(rule, version=version) for rule in RULES))
    origin = read_uuid(KEY, card_uuid(KEY, odd.rules[0], odd, INSTANCE, FLAG, 0), odd)
    assert origin is not None
    assert (origin.rule, origin.version) == (odd.rules[0], "")


def test_a_rule_that_is_no_more_is_not_known() -> None:
    assert read_uuid(KEY, made(), RuleSet(RULES[1:])) is None


def test_nothing_of_the_patient_stands_in_a_uuid_for_who_has_no_key() -> None:
    """Without the key the same flag cannot be recognised: what depends on it depends on the key."""
    one, other = UUID(made(key=b"one")).int, UUID(made(key=b"other")).int
    card = (1 << 40) - 1
    assert one >> 48 & card != other >> 48 & card


def test_the_key_is_made_from_the_service_key_and_is_not_it() -> None:
    secret = SecretStr("s" * 32)
    assert card_key(secret) == card_key(secret) != secret.get_secret_value().encode()
    assert card_key(secret) != card_key(SecretStr("t" * 32))


def test_without_a_service_key_each_process_has_its_own() -> None:
    assert card_key(None) != card_key(None)
