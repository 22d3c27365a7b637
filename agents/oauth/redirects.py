"""Where a browser may be sent back to: registered addresses, letter by letter.

The one exception is RFC 8252's: a program on the person's own machine listens on a port
that it learns when it starts, so on loopback the port is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# An app's own scheme is a domain in reverse (RFC 8252, 7.1), so it is nobody else's.
PRIVATE = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
VISIBLE = re.compile(r"[!-~]+")


def acceptable(address: str) -> bool:
    """Whether an address can be registered at all."""
    parts = _parts(address)
    if parts is None or parts.fragment or "#" in address or "@" in parts.netloc:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return parts.hostname in LOOPBACK
    return PRIVATE.fullmatch(parts.scheme) is not None


def allowed(address: str, registered: Iterable[str]) -> bool:
    """Whether the browser may be sent to the address."""
    if not acceptable(address):
        return False
    return any(
        acceptable(one) and (address == one or _same_but_port(address, one))
        for one in registered
    )


def _same_but_port(address: str, registered: str) -> bool:
    asked, known = _parts(address), _parts(registered)
    if asked is None or known is None:
        return False
    local = {asked.scheme, known.scheme} == {"http"} and known.hostname in LOOPBACK
    return (
        local
        and asked.hostname == known.hostname
        and (asked.path, asked.query) == (known.path, known.query)
    )


def source(address: str) -> str:
    """The address as a source in a Content Security Policy."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or ":" in (parts.hostname or ""):
        return f"{parts.scheme}:"  # a policy can not name an IPv6 address
    return f"{parts.scheme}://{parts.netloc}"


def _parts(address: str) -> SplitResult | None:
    if not VISIBLE.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts
