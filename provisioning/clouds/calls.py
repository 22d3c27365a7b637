"""Calls to clouds that have no client library here: JSON over ``kernel.web``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from paybill_site.kernel import web
from paybill_site.kernel.crypto import redact
from provisioning.errors import CloudFailed, NotThere

LIMIT, TIMEOUT = 16 << 20, 30.0
WORDS = 300  # of what a cloud says when it refuses

type Json = dict[str, Any]


def ask(
    url: str,
    *,
    token: str,
    sent: Json | None = None,
    method: str = "",
    secret: bool = False,
) -> Json:
    """Ask with a bearer token; ``sent`` is JSON, and posted if no other method is said.

    Raises CloudFailed, without the cloud's words where what is sent is ``secret``.
    """
    given = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    if sent is None:
        return answered(method or "GET", url, given)[0]
    given["Content-Type"] = "application/json"
    body = json.dumps(sent).encode()
    return answered(method or "POST", url, given, body, secret=secret)[0]


def exchange(
    url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Json:
    """Send a form to a token endpoint and return its answer. Raises CloudFailed."""
    given = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        **(headers or {}),
    }
    return answered("POST", url, given, urlencode(fields).encode())[0]


def answered(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    secret: bool = False,
) -> tuple[Json, Mapping[str, str]]:
    """The object that the cloud answers with, and its headers. Raises CloudFailed."""
    answer = _accepted(method, url, headers, body, secret=secret)
    found = _read(answer, url, "{}")
    if not isinstance(found, dict):
        raise CloudFailed(f"{_host(url)} answered with something else than an object")
    return found, {name.lower(): value for name, value in answer.headers.items()}


def rows(url: str, headers: Mapping[str, str]) -> list[Json]:
    """The list of objects that the cloud answers with. Raises CloudFailed."""
    found = _read(_accepted("GET", url, headers), url, "[]")
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise CloudFailed(f"{_host(url)} answered with something else than a list")
    return found


def _accepted(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    secret: bool = False,
) -> web.Answer:
    """An answer that is no refusal. Raises CloudFailed, for a 404 NotThere."""
    host = _host(url)
    try:
        answer = web.call(
            method, url, headers=headers, body=body, limit=LIMIT, timeout=TIMEOUT
        )
    except (web.Refused, web.Unreachable) as error:
        raise CloudFailed(f"{host} was not reached: {error.detail}") from error
    if answer.status >= 300:
        said = redact(answer.body[:WORDS].decode(errors="replace"))
        words = "its words are not shown" if secret else said
        missing = answer.status == HTTPStatus.NOT_FOUND
        refused = NotThere if missing else CloudFailed
        raise refused(f"{host} answered {answer.status}: {words}")
    return answer


def _read(answer: web.Answer, url: str, empty: str) -> object:
    try:
        return json.loads(answer.body or empty)
    except ValueError as error:
        said = f"{_host(url)} answered with something else than JSON"
        raise CloudFailed(said) from error


def _host(url: str) -> str:
    return url.split("/")[2]


def text(found: Json, name: str) -> str:
    """A member that has to be there. Raises CloudFailed."""
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise CloudFailed(f"the cloud's answer has no {name}")
    return value
