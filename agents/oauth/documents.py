"""Clients that are known by an address: a document there says who they are.

draft-ietf-oauth-client-id-metadata-document: the id of the client is the https address
of a JSON document that names itself, the client and where browsers may return to. It is
fetched through the one outgoing client: public addresses only, no redirects, bounded in
size and time, and remembered for a while, also when it was no good.
"""

from __future__ import annotations

import hashlib
import json
import logging
import posixpath
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache

from agents.oauth.redirects import acceptable
from paybill_site.kernel import limits, web
from paybill_site.kernel.errors import PaybillError, Refused

log = logging.getLogger(__name__)

LONGEST = 100  # of the column that keeps it
LARGEST, SECONDS = 16 * 1024, 3.0
GOOD_FOR, BAD_FOR = 3600, 60  # seconds
MOST = {"from": 20, "all": 120}
MINUTE = timedelta(minutes=1)
SECRETS = {"client_secret", "client_secret_expires_at"}


class BadDocument(Refused):
    """The document at the client's address does not describe a client."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a client says of itself. Only the host of ``id`` is proved by anything."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]

    @property
    def host(self) -> str:
        return urlsplit(self.id).hostname or ""


def is_address(client_id: str) -> bool:
    """Whether a client's id is meant to be the address of its document."""
    return client_id.startswith("https://")


def fetched(client_id: str, *, asked_from: str = "") -> Document:
    """The document behind an address. Raises PaybillError when there is no good one."""
    _check_address(client_id)
    key = f"oauth.document:{hashlib.sha256(client_id.encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is not None:
        return _unpacked(kept)
    for name, subject in {"from": asked_from, "all": "all"}.items():
        limits.throttle(
            f"oauth.document.{name}", subject, most=MOST[name], window=MINUTE
        )
    try:
        found = _read(client_id)
    except PaybillError as error:
        log.info("no document of an OAuth client: %s", error.detail)
        cache.set(key, {"wrong": error.detail}, BAD_FOR)
        raise
    cache.set(key, asdict(found), GOOD_FOR)
    return found


def _unpacked(kept: dict[str, Any]) -> Document:
    if "wrong" in kept:
        raise BadDocument(kept["wrong"])
    return Document(kept["id"], kept["name"], tuple(kept["redirect_uris"]))


def _check_address(client_id: str) -> None:
    try:
        parts = urlsplit(client_id)
        _ = parts.port
    except ValueError as error:
        raise BadDocument("a client's id is the address of its document") from error
    odd = (
        len(client_id) > LONGEST,
        parts.scheme != "https" or not parts.hostname,
        parts.netloc != parts.netloc.lower() or "@" in parts.netloc,
        parts.path in {"", "/"} or posixpath.normpath(parts.path) != parts.path,
        "?" in client_id or "#" in client_id,
    )
    if any(odd):
        raise BadDocument("a client's id is the address of its document")


def _read(client_id: str) -> Document:
    answer = web.call(
        "GET",
        client_id,
        headers={"Accept": "application/json"},
        limit=LARGEST,
        timeout=SECONDS,
    )
    if answer.status != 200:
        raise BadDocument(f"the client's address answered {answer.status}")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise BadDocument from error
    return _checked(client_id, said)


def _checked(client_id: str, said: Any) -> Document:
    if not isinstance(said, dict) or said.get("client_id") != client_id:
        raise BadDocument("the document names another client than its address")
    if (
        SECRETS & said.keys()
        or said.get("token_endpoint_auth_method", "none") != "none"
    ):
        raise BadDocument("a client that is known by its address has no secret")
    addresses = said.get("redirect_uris")
    if not isinstance(addresses, list) or not 1 <= len(addresses) <= 20:
        raise BadDocument("the document names no address to return to")
    if not all(isinstance(one, str) and acceptable(one) for one in addresses):
        raise BadDocument("the document names an address that nobody may be sent to")
    return Document(client_id, _name(client_id, said), tuple(addresses))


def _name(client_id: str, said: dict[str, Any]) -> str:
    """What it calls itself, in one short line, with the host that it really is at."""
    host = (urlsplit(client_id).hostname or "")[:40]
    given = said.get("client_name", "")
    words = given if isinstance(given, str) else ""
    shown = "".join(c for c in words if c.isprintable()).strip()[: 57 - len(host)]
    return f"{shown} ({host})" if shown else host
