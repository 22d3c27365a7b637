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
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from paybill_site.kernel.errors import PaybillError

LIMIT, TIMEOUT = 1 << 20, 10.0
PORTS = {"https": 443, "http": 80}
VISIBLE = re.compile(r"[!-~]+")
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


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


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart, with the addresses that were checked."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def named(self) -> str:
        """The Host header: without the port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str, *, own: bool = False) -> Target:
    """Take a URL apart, resolve and check it. Raises Refused or Unreachable.

    ``own``: our own infrastructure made the address, never anybody's input, so it may
    be a private one.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("this is no address") from error
    host = parts.hostname or ""
    allowed = _allowed() | {host} if own else _allowed()
    if parts.username is not None or parts.password is not None or not host:
        raise Refused("an address has a host and no user or password")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in allowed):
        raise Refused("only https is called")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not VISIBLE.fullmatch(path) or not VISIBLE.fullmatch(host):
        raise Refused("an address has no spaces and only ASCII characters")
    port = PORTS[parts.scheme] if port is None else port
    addresses = _resolve(host, port)
    if host not in allowed and not all(map(_public, addresses)):
        raise Refused(f"{host} is not a public address")
    return Target(parts.scheme, host, port, path, addresses)


def _resolve(host: str, port: int) -> tuple[str, ...]:
    if host.endswith(
        ".localhost"
    ):  # always this machine, whatever resolves it (RFC 6761)
        return ("127.0.0.1",)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} can not be resolved") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _allowed() -> frozenset[str]:
    return frozenset(getattr(settings, "PAYBILL_OUTGOING_ALLOWED", ()))


def _public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _public(str(address.ipv4_mapped))
        # Not the translated and compatible forms, behind which an IPv4 address hides.
        if address not in GLOBAL_UNICAST or address.sixtofour or address.teredo:
            return False
    return address.is_global and not address.is_multicast


def call(
    method: str,
    url: str | Target,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limit: int = LIMIT,
    timeout: float = TIMEOUT,
) -> Answer:
    """Send one request; any status is an answer. Raises Refused or Unreachable.

    ``timeout`` (seconds) holds for all of it: connecting, headers and body. An answer
    of more than ``limit`` bytes counts as none.
    """
    target = url if isinstance(url, Target) else target_of(url)
    end = time.monotonic() + timeout
    sent = {
        "Host": target.named,
        "User-Agent": "paybill",
        # What is counted is what arrives: nothing to unpack, nothing that explodes.
        "Accept-Encoding": "identity",
        **(headers or {}),
    }
    try:
        with _connected(target, end) as connection, _cut_off(connection, end):
            connection.request(method, target.path, body, sent, preload_content=False)
            answer = connection.getresponse()
            read = answer.read(limit + 1, decode_content=False)
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        raise Unreachable(f"{target.host}: {type(error).__name__}") from error
    if len(read) > limit:
        raise Unreachable(f"{target.host} sent more than {limit} bytes")
    return Answer(answer.status, dict(answer.headers), read)


@contextmanager
def _connected(target: Target, end: float) -> Iterator[HTTPConnection]:
    """A connection to the first of the checked addresses that answers."""
    for last, address in enumerate(target.addresses, start=1 - len(target.addresses)):
        connection = _connection(target, address, max(end - time.monotonic(), 0.01))
        try:
            connection.connect()
        except (HTTPError, OSError):
            connection.close()
            if last == 0:
                raise
            continue
        try:
            yield connection
        finally:
            connection.close()
        return


def _connection(target: Target, address: str, timeout: float) -> HTTPConnection:
    if target.scheme == "http":
        return HTTPConnection(address, target.port, timeout=timeout)
    return HTTPSConnection(
        address,
        target.port,
        timeout=timeout,
        assert_hostname=target.host,
        server_hostname=target.host,
        cert_reqs="CERT_REQUIRED",
    )


@contextmanager
def _cut_off(connection: HTTPConnection, end: float) -> Iterator[None]:
    """Break the connection at the end of the time, however slowly bytes drip in."""
    timer = threading.Timer(end - time.monotonic(), _break, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield
        if time.monotonic() > end:
            raise TimeoutError
    finally:
        timer.cancel()


def _break(sock: socket.socket | None) -> None:
    if sock is not None:
        with suppress(OSError):
            # Not SSLSocket's own, which also takes its state apart under the reader.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
