"""A product of a few lines: a notebook for each tenant, told by Paybill's webhook.

    NOTEBOOK_SECRET=whsec_... NOTEBOOK_DATA=/data/notebook.db python product.py 8080

It shows what any product has to do, in any language:
1. check signature and age of a webhook (Standard Webhooks), on the raw body;
2. know what it was told before: by the webhook's id, and by the sequence of the
   tenant, so that a repeat or a late one changes nothing;
3. answer 2xx only when it is done: Paybill sends again until then.

Only the standard library is used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import html
import json
import os
import sqlite3
import sys
import time
from contextlib import closing
from typing import Any
from wsgiref.simple_server import make_server

SECRETS = os.environ.get("NOTEBOOK_SECRET", "").split()
DATA = os.environ.get("NOTEBOOK_DATA", "notebook.db")
TOLERANCE = 300  # seconds; an older webhook may be a replay
MOST = 16 * 1024  # bytes of a webhook or a note

TABLES = """
CREATE TABLE IF NOT EXISTS tenant (
    id TEXT PRIMARY KEY, host TEXT NOT NULL, name TEXT NOT NULL,
    state TEXT NOT NULL, sequence INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS note (tenant TEXT NOT NULL, text TEXT NOT NULL);
"""
STATES = {
    "tenant.created": "live",
    "tenant.resumed": "live",
    "tenant.suspended": "suspended",
    "tenant.deleted": "deleted",
}


class NotGenuine(Exception):
    """The webhook was not signed with our secret, or too long ago."""


def check(headers: dict[str, str], body: bytes, now: float) -> None:
    """Raise NotGenuine unless the webhook is Paybill's and fresh."""
    name, stamp = headers.get("id", ""), headers.get("timestamp", "")
    if not stamp.isdecimal() or abs(now - int(stamp)) > TOLERANCE:
        raise NotGenuine
    content = f"{name}.{stamp}.".encode() + body
    given = [part.removeprefix("v1,") for part in headers.get("signature", "").split()]
    if not any(_same(secret, content, given) for secret in SECRETS):
        raise NotGenuine


def _same(secret: str, content: bytes, given: list[str]) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"))
    except binascii.Error:
        return False
    made = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(made, one) for one in given)


def learn(database: sqlite3.Connection, told: dict[str, Any]) -> None:
    """Do what a webhook says; a repeat or a late one changes nothing."""
    data, state = told["data"], STATES[told["type"]]
    known = database.execute(
        "SELECT sequence, state FROM tenant WHERE id = ?", [data["tenant"]]
    ).fetchone()
    if known and (known[0] >= data["sequence"] or known[1] == "deleted"):
        return
    if state == "deleted":
        database.execute("DELETE FROM note WHERE tenant = ?", [data["tenant"]])
    database.execute(
        "INSERT OR REPLACE INTO tenant VALUES (?, ?, ?, ?, ?)",
        [data["tenant"], data["host"], data["name"], state, data["sequence"]],
    )


def application(environ: dict[str, Any], start: Any) -> list[bytes]:
    """The whole product: ``POST /paybill``, and a page for each tenant's host."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(min(length, MOST))
    host = environ.get("HTTP_HOST", "").partition(":")[0]
    with closing(sqlite3.connect(DATA)) as database, database:
        database.executescript(TABLES)
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/paybill"):
            status, page = _hear(database, environ, body)
        else:
            status, page = _page(database, host, environ["REQUEST_METHOD"], body)
    start(status, [("Content-Type", "text/html; charset=utf-8")])
    return [page.encode()]


def _hear(
    database: sqlite3.Connection, environ: dict[str, Any], body: bytes
) -> tuple[str, str]:
    sent = {
        name: environ.get(f"HTTP_WEBHOOK_{name.upper()}", "")
        for name in ("id", "timestamp", "signature")
    }
    try:
        check(sent, body, time.time())
        learn(database, json.loads(body))
    except NotGenuine:
        return "401 Unauthorized", "not genuine"
    except (KeyError, TypeError, ValueError):
        return "400 Bad Request", "not understood"
    return "200 OK", "done"


def _page(
    database: sqlite3.Connection, host: str, method: str, body: bytes
) -> tuple[str, str]:
    tenant = database.execute(
        "SELECT id, name, state FROM tenant WHERE host = ?", [host]
    ).fetchone()
    if tenant is None or tenant[2] == "deleted":
        return "404 Not Found", "no such notebook"
    if tenant[2] == "suspended":
        return "403 Forbidden", "this notebook is closed for now"
    if method == "POST":
        text = body.decode(errors="replace")
        database.execute("INSERT INTO note VALUES (?, ?)", [tenant[0], text])
    notes = database.execute("SELECT text FROM note WHERE tenant = ?", [tenant[0]])
    lines = "".join(f"<li>{html.escape(text)}</li>" for (text,) in notes)
    title = html.escape(tenant[1])
    return (
        "200 OK",
        f"<!doctype html><title>{title}</title><h1>{title}</h1><ul>{lines}</ul>",
    )


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    with make_server("0.0.0.0", port, application) as server:  # noqa: S104 - in a container
        server.serve_forever()
