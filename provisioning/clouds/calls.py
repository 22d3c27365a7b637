"""Calls to clouds that have no client library here: JSON over ``kernel.web``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from paybill_site.kernel import web
from paybill_site.kernel.crypto import redact
from provisioning.errors import CloudFailed

LIMIT, TIMEOUT = 16 << 20, 30.0
WORDS = 300  # of what a cloud says when it refuses

type Json = dict[str, Any]


def ask(
    url: str,
    *,
    token: str,
    sent: Json | None = None,
) -> Json:
    """Ask with a bearer token; ``sent`` is posted as JSON. Raises CloudFailed."""
    given = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    if sent is None:
        return answered("GET", url, given)[0]
    given["Content-Type"] = "application/json"
    return answered("POST", url, given, json.dumps(sent).encode())[0]


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
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[Json, Mapping[str, str]]:
    """The object that the cloud answers with, and its headers. Raises CloudFailed."""
    host = url.split("/")[2]
    try:
        answer = web.call(
            method, url, headers=headers, body=body, limit=LIMIT, timeout=TIMEOUT
        )
    except (web.Refused, web.Unreachable) as error:
        raise CloudFailed(f"{host} was not reached: {error.detail}") from error
    if answer.status >= 300:
        words = redact(answer.body[:WORDS].decode(errors="replace"))
        raise CloudFailed(f"{host} answered {answer.status}: {words}")
    try:
        found = json.loads(answer.body or b"{}")
    except ValueError as error:
        raise CloudFailed(f"{host} answered with something else than JSON") from error
    if not isinstance(found, dict):
        raise CloudFailed(f"{host} answered with something else than an object")
    return found, {name.lower(): value for name, value in answer.headers.items()}


def text(found: Json, name: str) -> str:
    """A member that has to be there. Raises CloudFailed."""
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise CloudFailed(f"the cloud's answer has no {name}")
    return value
