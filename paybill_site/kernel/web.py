"""The one outgoing HTTP client: public addresses only, bounded, no redirects.

1. Take the URL apart; https, or http where it is allow-listed.
2. Resolve the name once. Every address must be public unicast, unless the host is
   allow-listed; otherwise a name could be pointed at an inside machine.
3. Connect to the address that was checked (no second look-up), with the certificate
   checked against the name.
4. Read at most ``limit`` bytes within the time.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3
from django.conf import settings

from paybill_site.kernel.errors import PaybillError

LIMIT, TIMEOUT = 1 << 20, 10.0


class Refused(PaybillError):
    """This address may not be called from here."""


class Unreachable(PaybillError):
    """The other side did not answer properly; it is tried again later."""

    status = 502
    permanent = False


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def address_of(url: str) -> tuple[str, str, int, str]:
    """Scheme, checked IP address, port and host of a URL. Raises Refused."""
    parts = urlsplit(url)
    host, allowed = parts.hostname or "", _allowed()
    if parts.username or parts.password or not host:
        raise Refused("an address has a host and no user or password")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in allowed):
        raise Refused("only https is called")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"{host} can not be resolved") from error
    addresses = [str(entry[4][0]) for entry in found]
    if host not in allowed and not all(map(_public, addresses)):
        raise Refused(f"{host} is not a public address")
    return parts.scheme, addresses[0], port, host


def _allowed() -> frozenset[str]:
    return frozenset(getattr(settings, "PAYBILL_OUTGOING_ALLOWED", ()))


def _public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limit: int = LIMIT,
    timeout: float = TIMEOUT,
) -> Answer:
    """Send one request. Raises Refused or Unreachable; any status is an answer."""
    scheme, address, port, host = address_of(url)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    pool: urllib3.HTTPConnectionPool = (
        urllib3.HTTPSConnectionPool(
            address, port, assert_hostname=host, server_hostname=host
        )
        if scheme == "https"
        else urllib3.HTTPConnectionPool(address, port)
    )
    sent = {"Host": parts.netloc, "User-Agent": "paybill", **(headers or {})}
    try:
        answer = pool.urlopen(
            method,
            target,
            body,
            sent,
            retries=False,
            redirect=False,
            timeout=timeout,
            preload_content=False,
        )
        read = answer.read(limit + 1)
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(f"{host}: {type(error).__name__}") from error
    finally:
        pool.close()
    if len(read) > limit:
        raise Unreachable(f"{host} sent more than {limit} bytes")
    return Answer(answer.status, dict(answer.headers), read)
