"""Is a body read whole, and never past a limit?"""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Callable

import pytest
from starlette.requests import ClientDisconnect

from service.api.body import MOST_MEMBERS, BodyLimits, Inflation, read_body
from service.api.edge import Edge
from service.errors import BodyTooLarge, BodyUnreadable, DeadlineExceeded
from tests.api.asking import check, issue_code, outcome_text

LIMITS = BodyLimits(received=10_000, decompressed=4_000_000, ratio=100, seconds=0.2)
_RECEIVED = "^The body as sent is larger than 10000 bytes. .* MOODMARKER_MAX_BODY_BYTES.$"


def _read(pieces: list[bytes], limits: BodyLimits = LIMITS, **headers: bytes) -> bytes:
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages[-1]["more_body"] = False

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return asyncio.run(read_body(receive, named, limits))


def test_joins_the_pieces() -> None:
    assert _read([b"one"]) == b"one"
    assert _read([b"one", b"", b"two"]) == b"onetwo"


def test_a_declared_length_past_the_limit_is_refused_before_reading() -> None:
    with pytest.raises(BodyTooLarge, match=_RECEIVED):
        _read([b"short"], content_length=b"10001")


def test_an_undeclared_length_past_the_limit_is_refused_while_reading() -> None:
    assert len(_read([b"x" * 5_000, b"x" * 5_000])) == 10_000
    with pytest.raises(BodyTooLarge, match=_RECEIVED):
        _read([b"x" * 5_000, b"x" * 5_001, b"never read"])
    with pytest.raises(BodyTooLarge, match=_RECEIVED):
        _read([b"x" * 10_001])


def test_inflates_piece_by_piece_and_member_after_member() -> None:
    packed = gzip.compress(b"one") + gzip.compress(b"two")
    assert _read([packed[i : i + 1] for i in range(len(packed))], content_encoding=b"gzip") == b"onetwo"
    assert _read([packed], content_encoding=b"X-GZIP") == b"onetwo"


@pytest.mark.parametrize(
    "spoilt",
    [b"not gzip at all", gzip.compress(b"x" * 100)[:-9], b"", gzip.compress(b"x") + b"junk"],
    # A gzip file holds the time it was made at.
    ids=["no gzip", "cut short", "empty", "junk after it"],
)
def test_spoilt_gzip_is_told_as_such(spoilt: bytes) -> None:
    with pytest.raises(BodyUnreadable, match="gzip"):
        _read([spoilt], content_encoding=b"gzip")


def test_growth_is_free_up_to_a_mebibyte_and_limited_beyond() -> None:
    assert len(_read([gzip.compress(b"x" * 1_000_000)], content_encoding=b"gzip")) == 1_000_000
    with pytest.raises(
        BodyTooLarge, match=r"^The body grows more than 100 times .* MOODMARKER_MAX_DECOMPRESSION_RATIO.$"
    ):
        _read([gzip.compress(b"x" * 2_000_000)], content_encoding=b"gzip")


def test_what_comes_out_is_limited_whatever_the_ratio() -> None:
    tight = LIMITS._replace(decompressed=50_000)
    assert len(_read([gzip.compress(b"x" * 50_000)], tight, content_encoding=b"gzip")) == 50_000
    with pytest.raises(
        BodyTooLarge, match=r"^The body is larger than 50000 bytes when .* MOODMARKER_MAX_DECOMPRESSED_BYTES.$"
    ):
        _read([gzip.compress(b"x" * 50_001)], tight, content_encoding=b"gzip")


def test_as_many_members_as_are_taken_are_limited() -> None:
    large = LIMITS._replace(received=40_000_000)
    most = gzip.compress(b"x") * MOST_MEMBERS
    assert len(_read([most], large, content_encoding=b"gzip")) == MOST_MEMBERS
    began = time.process_time()
    for packed in (most + gzip.compress(b"x"), gzip.compress(b"") * 1_500_000):
        with pytest.raises(BodyTooLarge, match="more than 1000 members"):
            _read([packed], large, content_encoding=b"gzip")
    assert time.process_time() - began < 2


def test_indented_fhir_is_no_bomb(app: Edge, body: bytes) -> None:
    bundle = next(one["resource"] for one in json.loads(body)["parameter"] if one["name"] == "data")
    score = bundle["entry"][1]["resource"]
    bundle["entry"] += [{"resource": score | {"id": f"o{n}"}} for n in range(9000)]
    indented = json.dumps(bundle, indent=8).encode()
    packed = gzip.compress(indented)
    assert len(indented) > 100 * len(packed)
    assert check(app, packed, "?asOf=2026-06-30&explain=none", Content_Encoding="gzip").status_code == 200


def test_what_comes_in_compressed_is_limited_too() -> None:
    inflation = Inflation(LIMITS)
    with pytest.raises(BodyTooLarge, match=_RECEIVED):
        inflation.feed(b"x" * 10_001)


def test_a_bomb_is_refused_without_being_unpacked(app: Edge) -> None:
    bomb = gzip.compress(b"\0" * 100_000_000, compresslevel=9)
    began = time.process_time()
    refused = check(app, bomb, Content_Encoding="gzip")
    assert refused.status_code == 413
    assert issue_code(refused) == "too-long"
    assert time.process_time() - began < 2


def test_a_large_body_is_refused(make_app: Callable[..., Edge]) -> None:
    small = make_app(max_body_bytes=2048, max_decompressed_bytes=4096)
    assert check(small, b"{" + b" " * 2048).status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 1024

    assert "2048 bytes" in outcome_text(check(small, pieces()))


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    async def receive() -> dict[str, object]:
        await asyncio.sleep(60)
        return {}

    with pytest.raises(DeadlineExceeded, match=r"0\.2 seconds"):
        asyncio.run(read_body(receive, {}, LIMITS))


def test_a_caller_that_leaves_is_no_fault() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        asyncio.run(read_body(receive, {}, LIMITS))
