"""Bodies that somebody might send to do harm, or a broken program by accident; each with what is wrong about it."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

Json = dict[str, Any]
MEBIBYTE = 1024 * 1024
NOW = "2026-06-30"


class Hostile(NamedTuple):
    """A body, and the headers that go with it beside its media type."""

    name: str
    body: bytes
    headers: dict[str, str] = {}  # noqa: RUF012 - nobody writes into it


def patient(identity: str = "p") -> Json:
    return {"resourceType": "Patient", "id": identity, "birthDate": "1984-03-05"}


def observation(number: int = 0, **changed: Any) -> Json:
    """A PHQ-9 total with changes."""
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-06-01",
        "valueInteger": 12,
    } | changed


def bundle(*resources: Any) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def corpus() -> Iterator[Hostile]:
    """All of them; the same each time."""
    for name, body in (*_malformed(), *_numbers(), *_texts(), *_shapes(), *_references(), *_large()):
        yield Hostile(name, body)
    yield from _compressed()


def _malformed() -> Iterator[tuple[str, bytes]]:
    good = encoded(bundle(patient(), observation()))
    yield "nothing", b""
    yield "spaces alone", b" " * 100_000
    yield "cut short", good[:-7]
    yield "cut in a word", good[: len(good) // 2]
    yield "more after the end", good + b"{}"
    yield "a comma too many", good.replace(b"}", b",}", 1)
    yield "single quotes", good.replace(b'"', b"'")
    yield "a comment", b"/* x */" + good
    yield "XML", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Bundle>&a;</Bundle>'
    yield "a form", b"resourceType=Bundle&type=collection"
    yield "bytes of no text", bytes(range(256)) * 40
    yield "zeros", b"\0" * 10_000
    yield "a zero within", good.replace(b"Patient", b"Pat\0ient", 1)
    for name, mark in (("UTF-8", b"\xef\xbb\xbf"), ("twice", b"\xef\xbb\xbf" * 2), ("alone", b"\xef\xbb\xbf")):
        yield f"byte order mark, {name}", mark if name == "alone" else mark + good
    for coding in ("utf-16", "utf-32", "utf-16-be"):
        yield f"written as {coding}", good.decode().encode(coding)
    yield "Latin-1", good.replace(b"collection", b"coll\xe9ction")
    yield "overlong UTF-8", good.replace(b"collection", b"\xc0\xaf\xe0\x80\xaf")
    yield "half a character at the end", good[:-1] + b"\xf0\x9f"
    for name, text in (("null", b"null"), ("a number", b"7"), ("a text", b'"x"'), ("true", b"true"), ("a list", b"[]")):
        yield name, text
    yield "an empty object", b"{}"


def _numbers() -> Iterator[tuple[str, bytes]]:
    texts = ("NaN", "Infinity", "-Infinity", "1e999999999", "-1e-999999999", "1E+400", "0x10", "01", "+1", ".5", "1.")
    long = ("9" * 5_000, "0." + "1" * 5_000, "1e" + "9" * 5_000, "-" + "0" * 10_000)
    for text in (*texts, *long, "9007199254740993", "12.000000000000000000000001", "-0", "1e-7", "null", "true"):
        template = encoded(bundle(patient(), observation(valueInteger=7, valueQuantity={"value": 7})))
        yield f"the number {text[:24]}", template.replace(b": 7", b": " + text.encode())
    for text in ("NaN", "1e999999999", "12", "", " 5 ", "\u0663", "5,0", "1_000"):
        yield f"a number as the text {text!r}", encoded(bundle(patient(), observation(valueQuantity={"value": text})))


def _texts() -> Iterator[tuple[str, bytes]]:
    values = {
        "lone surrogate": '"\\ud800"',
        "surrogates in the wrong order": '"\\udc00\\ud800"',
        "surrogate at the end": '"x\\ud83d"',
        "escape of nothing": '"\\x41"',
        "escaped zero": '"\\u0000"',
        "line break within": '"a\nb"',
        "control characters": '"\\u0001\\u001b[31m\\u007f\\u009b"',
        "right to left": '"\\u202egnp.exe\\u2066"',
        "combining marks": '"a' + "\\u0301" * 20_000 + '"',
        "noncharacters": '"\\ufffe\\uffff"',
        "markup": '"<script>alert(1)</script><img src=x onerror=alert(1)>"',
        "template": '"{{7*7}} ${7*7} %s %n {0.__class__}"',
        "SQL": '"\'; DROP TABLE moodmarker_ledger; --"',
        "log lines": '"x\\r\\n{\\"event\\":\\"request\\"}"',
        "ten million characters": '"' + "x" * 10_000_000 + '"',
    }
    for name, text in values.items():
        for place in ("status", "id", "effectiveDateTime", "valueString"):
            if len(text) > MEBIBYTE and place != "valueString":
                continue
            document = encoded(bundle(patient(), {**observation(), place: "MARK"}))
            yield f"{name} as {place}", document.replace(b'"MARK"', text.encode())
    dates = ("9999-99-99", "0000-01-01", "2026-02-30", "2026-06-01T25:61:61Z", "2026-06-01T10:00:00+99:99", "-1")
    more = (
        "2026-06-01T10:00:00",
        "10000-01-01",
        "2026-06-01T10:00:00.123456789123Z",
        "2026",
        "1" * 10_000,
        "\u0662\u0660\u0662\u0666-\u0660\u0666-\u0660\u0661",
    )
    for text in (*dates, *more):
        yield f"the date {text[:24]}", encoded(bundle(patient(), observation(effectiveDateTime=text)))


def _nulled(document: Any) -> Iterator[Any]:
    """The document with each of its members as null, one at a time."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield {**document, key: None}
            for inner in _nulled(value):
                yield {**document, key: inner}
    if isinstance(document, list):
        for at, value in enumerate(document):
            yield [*document[:at], None, *document[at + 1 :]]
            for inner in _nulled(value):
                yield [*document[:at], inner, *document[at + 1 :]]


def _shapes() -> Iterator[tuple[str, bytes]]:
    for number, document in enumerate(_nulled(bundle(patient(), observation()))):
        yield f"null member {number}", encoded(document)
    wrongs: tuple[Any, ...] = (None, 7, "x", [], {}, [[]], [None], {"x": {}}, True)
    for wrong in wrongs:
        for key in ("resourceType", "code", "subject", "effectiveDateTime", "valueInteger", "component", "meta"):
            yield f"{key} is {wrong!r}", encoded(bundle(patient(), {**observation(), key: wrong}))
        yield f"entry is {wrong!r}", encoded({"resourceType": "Bundle", "type": "collection", "entry": wrong})
        yield f"an entry is {wrong!r}", encoded({"resourceType": "Bundle", "type": "collection", "entry": [wrong]})
        yield f"a resource is {wrong!r}", encoded(bundle(wrong))
    yield (
        "keys twice",
        b'{"resourceType":"Bundle","resourceType":"Patient","type":"collection","type":"history","entry":[]}',
    )
    yield (
        "a patient twice over in one entry",
        b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"a"},'
        b'"resource":{"resourceType":"Patient","id":"b"}}]}',
    )
    for kind in ("Spaceship", "__proto__", "patient", "Patient/../Flag", "", "Bundle", "Parameters", "x" * 100_000):
        yield f"a resource of type {kind[:20]!r}", encoded(bundle(patient(), {"resourceType": kind, "id": "x"}))
    yield "prototypes", encoded({"__proto__": {"x": 1}, "constructor": {"prototype": {}}, **bundle(patient())})
    bundles: tuple[Any, ...] = ("history", "message", "document", "transaction", "batch", "searchset", "x", 7)
    for of in bundles:
        yield f"a Bundle of type {of!r}", encoded({**bundle(patient(), observation()), "type": of})
    yield "a Bundle in a Bundle, a hundred deep", encoded(_nested_bundles(100))


def _nested_bundles(depth: int) -> Json:
    inner = bundle(patient())
    for _ in range(depth):
        inner = bundle(inner)
    return inner


def _references() -> Iterator[tuple[str, bytes]]:
    one, other = observation(1), observation(2)
    one["hasMember"], other["hasMember"] = [{"reference": "Observation/o2"}], [{"reference": "Observation/o1"}]
    yield "two that have each other as members", encoded(bundle(patient(), one, other))
    yield (
        "one that has itself as member",
        encoded(bundle(patient(), observation(1, hasMember=[{"reference": "Observation/o1"}]))),
    )
    chain = [observation(at, hasMember=[{"reference": f"Observation/o{at + 1}"}]) for at in range(5_000)]
    yield "a chain of five thousand members", encoded(bundle(patient(), *chain))
    every = [{"reference": f"Observation/o{at}"} for at in range(300)]
    yield (
        "three hundred that all have one another",
        encoded(bundle(patient(), *(observation(at, hasMember=every) for at in range(300)))),
    )
    held = {"resourceType": "Observation", "id": "c", "contained": [{"resourceType": "Observation", "id": "c"}]}
    yield "contained that contains itself", encoded(bundle(patient(), observation(contained=[held, held, held])))
    yield "references to a fragment", encoded(bundle(patient(), observation(subject={"reference": "#"})))
    for text in (
        "../../etc/passwd",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "Patient/p/_history/" + "9" * 9999,
    ):
        yield (
            f"a reference to {text[:30]}",
            encoded(bundle(patient(), observation(subject={"reference": text}, derivedFrom=[{"reference": text}]))),
        )
    yield (
        "derived from itself",
        encoded(bundle(patient(), observation(1, derivedFrom=[{"reference": "Observation/o1"}]))),
    )


def _large() -> Iterator[tuple[str, bytes]]:
    many = [observation(at) for at in range(10_000)]
    yield "ten thousand entries", encoded(bundle(patient(), *many))
    yield "ten thousand of one id", encoded(bundle(patient(), *(observation(0) for _ in range(10_000))))
    yield "ten thousand patients", encoded(bundle(*(patient(f"p{at}") for at in range(10_000))))
    yield "ten thousand broken", encoded(bundle(patient(), *(observation(at, status=7) for at in range(10_000))))
    yield (
        "ten thousand components",
        encoded(bundle(patient(), observation(component=[{"code": {}, "valueInteger": 1}] * 10_000))),
    )
    yield (
        "two hundred thousand empty entries",
        encoded({"resourceType": "Bundle", "type": "collection", "entry": [{}] * 200_000}),
    )
    for depth in (200, 2_000, 100_000, 2_000_000):
        yield f"{depth} lists deep", b"[" * depth + b"]" * depth
        yield f"{depth} lists deep in a Bundle", encoded(bundle("MARK")).replace(b'"MARK"', b"[" * depth + b"]" * depth)
        yield f"{depth} objects deep", b'{"a":' * depth + b"1" + b"}" * depth
    yield "open for ever", b"[" * 1_000_000
    yield "a million nulls", b"[" + b"null," * 1_000_000 + b"null]"
    yield "a hundred thousand keys", encoded({**bundle(patient()), **{f"k{at}": 0 for at in range(100_000)}})
    yield "a key of a million letters", encoded({**bundle(patient()), "k" * 1_000_000: 0})
    yield "larger than any body", b" " * (33 * MEBIBYTE)


def _compressed() -> Iterator[Hostile]:
    zipped = {"Content-Encoding": "gzip"}
    good = gzip.compress(encoded(bundle(patient(), observation())))
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeezer.compress(b" " * MEBIBYTE) for _ in range(600)) + squeezer.flush()
    yield Hostile("a gzip bomb of 600 MiB", bomb, zipped)
    yield Hostile("a gzip bomb in a gzip bomb", gzip.compress(bomb), zipped)
    yield Hostile("gzip cut short", good[:-9], zipped)
    yield Hostile("gzip with a wrong sum", good[:-8] + b"\0" * 8, zipped)
    yield Hostile("ten thousand gzip members", gzip.compress(b" ") * 10_000, zipped)
    yield Hostile("no gzip", b"{}", zipped)
    yield Hostile("gzip of nothing", gzip.compress(b""), zipped)
    yield Hostile("more after the gzip", good + b"x" * 100, zipped)
    for coding in ("br", "deflate", "gzip, gzip", "zstd", "identity, gzip", "x" * 2_000):
        yield Hostile(f"the coding {coding[:20]}", good, {"Content-Encoding": coding})
