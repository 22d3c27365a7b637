"""Fields of the body that are mirrored in headers, where proxies decide by them.

What a header says and what the body says is the same, or the request is refused: else
something in front would have judged another call than the one that is made.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from agents.mcp.errors import HEADER_MISMATCH, ProtocolError
from agents.mcp.messages import Message

VERSION, METHOD, NAME = "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"
PARAM = "Mcp-Param-"
MARK = "x-mcp-header"
# The parameter that is mirrored as Mcp-Name.
NAMED_BY = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
SENTINEL = re.compile(r"=\?base64\?(.*)\?=")
PLAIN = re.compile(r"[\x20-\x7e\t]*")
DECIMAL = re.compile(r"(-?[0-9]{1,30})(?:\.0{1,30})?")


class Mismatch(ProtocolError):
    """A header is missing, broken, or says something else than the body."""

    def __init__(self, name: str, wrong: str) -> None:
        super().__init__(HEADER_MISMATCH, f"Header mismatch: {name} {wrong}")


def value(sent: Mapping[str, str], name: str) -> str | None:
    """A header without the white space around it."""
    found = sent.get(name)
    return None if found is None else found.strip(" \t")


def check(sent: Mapping[str, str], message: Message, version: str) -> None:
    """Compare the three standard headers. Raises Mismatch."""
    _same(VERSION, value(sent, VERSION), version)
    _same(METHOD, value(sent, METHOD), message.method)
    named = message.params.get(NAMED_BY.get(message.method, ""))
    if isinstance(named, str):
        _same(NAME, decoded(NAME, value(sent, NAME)), named)


def check_parameters(
    sent: Mapping[str, str], schema: Mapping[str, Any], arguments: Mapping[str, Any]
) -> None:
    """Compare the headers that the tool's schema asks for. Raises Mismatch."""
    for path, about in _marked(schema, ()):
        name = PARAM + about[MARK]
        said = decoded(name, value(sent, name))
        given = _at(arguments, path)
        if given is None and said is None:
            continue
        if given is None or said is None or not _means(about, said, given):
            raise Mismatch(name, "does not match the body")


def decoded(name: str, raw: str | None) -> str | None:
    """A header's text, taken out of its base64 sentinel. Raises Mismatch."""
    if raw is None:
        return None
    if not PLAIN.fullmatch(raw):
        raise Mismatch(name, "has characters that no header has")
    wrapped = SENTINEL.fullmatch(raw)
    if wrapped is None:
        return raw
    try:
        plain = base64.b64decode(wrapped[1], validate=True)
        if base64.b64encode(plain).decode() != wrapped[1]:
            raise ValueError("not the canonical form")
        return plain.decode("utf-8")
    except ValueError as error:
        raise Mismatch(name, "is not base64 of UTF-8") from error


def _same(name: str, said: str | None, meant: str) -> None:
    if said is None:
        raise Mismatch(name, "is missing")
    if said != meant:
        raise Mismatch(name, "does not match the body")


def _marked(
    schema: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Properties that ask for a header, reached by nothing but ``properties``."""
    for name, about in (schema.get("properties") or {}).items():
        if isinstance(about, Mapping):
            if MARK in about:
                yield (*path, name), about
            yield from _marked(about, (*path, name))


def _at(arguments: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = arguments
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _means(about: Mapping[str, Any], said: str, given: Any) -> bool:
    if isinstance(given, bool):
        return said == str(given).lower()
    if isinstance(given, int | float) and about.get("type") == "integer":
        whole = DECIMAL.fullmatch(said)
        return whole is not None and int(whole[1]) == given
    return isinstance(given, str) and said == given
