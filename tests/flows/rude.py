"""Bad bodies and bad values, by what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
# Many fields of it still fit into one request: each is judged, not the whole refused.
LARGE = "x" * 200_000
TEXTS = {
    "nul": "a\0b",
    "large": LARGE,
    "markup": "<script>alert(1)</script>{{ 7*7 }}{% x %}",
    "sql": "'; DROP TABLE x; --",
    "number": "9" * 400,
    "minus": "-1",
    "list": "[]",
    "unicode": "\u202e\ufffd\U0001f4a9",
}
VALUES: dict[str, Any] = {
    "nul": "a\0b",
    "large": LARGE,
    "null": None,
    "list": [[]],
    "object": {"a": {}},
    "number": 10**30,
    "float": 1e308,
    "bool": True,
    "surrogate": "\ud800",
}
# What of an address may be wrong, percent-encoded as a browser would send it.
IDS = (
    "%00", "ten_%00", "x" * 300, "%FF%FE", "..%2F..%2Fetc", "-1", "9" * 40,
    "ten_0000000000000000000000none", "%3Cscript%3E", "_3A", "%F0%9F%92%A9",
)  # fmt: skip
QUERY = (
    "tenant", "plan", "via", "page", "next", "slug", "phase", "offset", "host",
    "challenge", "state", "code", "cursor", "page_size", "dry_run", "q", "p", "o",
    "ID", "fresh", "after", "outcome", "_facets", "state__exact",
)  # fmt: skip
QUERIES = ("%FF", "-1", "9" * 30, "[]" * 500)
HOSTS = (
    "evil.example", "localhost.evil.example", "ta.localhost.evil.example",
    "ta.localhost,evil.example", "[::1", "", "a" * 300,
    "ta.localhost/..", "ta_.localhost", "x@ta.localhost", "tä.localhost",
    "%00.localhost", "nobody.localhost",
)  # fmt: skip
METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


def forms(names: list[str]) -> Iterator[tuple[str, bytes, str]]:
    """(what is wrong, body, content type) in the fields of a form."""
    yield "form: missing", b"", FORM
    for what, text in TEXTS.items():
        yield f"form: {what}", urlencode(dict.fromkeys(names, text)).encode(), FORM
    yield "form: not UTF-8", b"&".join(f"{n}=%ff%fe".encode() for n in names), FORM
    yield "form: twice", "&".join(f"{n}=1&{n}=2" for n in names).encode(), FORM


def wrappings() -> Iterator[tuple[str, bytes, str]]:
    """(what is wrong, body, content type) for what no form comes in."""
    yield "form: many", "&".join(f"f{i}=1" for i in range(2000)).encode(), FORM
    yield "form: latin-1", b"name=caf\xe9", f"{FORM}; charset=latin-1"
    yield "form: charset", b"name=x", f"{FORM}; charset=nonsense"
    yield "form: JSON", b'{"name": 1}', JSON
    yield "form: text", b"hello", "text/plain"
    yield "form: no boundary", b"--x", "multipart/form-data"
    yield "form: broken parts", b"--x\r\nnonsense", "multipart/form-data; boundary=x"
    yield "form: no type", b"a=b", "nonsense"


def documents(names: list[str]) -> Iterator[tuple[str, bytes, str]]:
    """(what is wrong, body, content type) for JSON with these members."""
    yield "json: nothing", b"", JSON
    yield "json: unknown", b'{"nobody_knows": 1}', JSON
    for what, value in VALUES.items():
        sent = dict.fromkeys(names or ["nobody_knows"], value)
        yield f"json: {what}", json.dumps(sent).encode(), JSON


def broken() -> Iterator[tuple[str, bytes, str]]:
    """(what is wrong, body, content type) for what is no JSON, or no object of it."""
    for what, text in {
        "cut off": "{",
        "a list": "[]",
        "null": "null",
        "a text": '"x"',
        "NaN": '{"a": NaN}',
        "deep": "[" * 50_000,
        "deep in a member": '{"a": ' + "[" * 3000 + "]" * 3000 + "}",
        "digits": '{"a": ' + "9" * 10_000 + "}",
        "twice": '{"a": 1, "a": 2}',
        "NUL in a name": '{"a\\u0000": 1}',
    }.items():
        yield f"json: {what}", text.encode(), JSON
    yield "json: not UTF-8", b'{"a": "\xff\xfe"}', JSON
    yield "json: UTF-16", '{"a": 1}'.encode("utf-16"), JSON
    yield "json: charset", b"{}x", f"{JSON}; charset=nonsense"
    yield "json: too large", b'{"a": "' + b"x" * 3_000_000 + b'"}', JSON
    yield "json: a form", b"a=1", FORM
    yield "json: XML", b"<a/>", "text/xml"
    yield "json: no type", b"{}x", ""
