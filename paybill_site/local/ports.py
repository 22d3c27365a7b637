"""Ports on loopback: the usual ones, the ones of the last start, or free ones."""

from __future__ import annotations

import json
import socket

from paybill_site.local.environment import ports
from paybill_site.local.places import Places, write_private


def is_free(port: int) -> bool:
    """True when nobody listens on the port of 127.0.0.1."""
    with socket.socket() as probe:
        # As servers do; else a port in TIME_WAIT after a restart would look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free(wanted: int, taken: frozenset[int] = frozenset()) -> int:
    """The wanted port or the next free one; any free one after a hundred tries."""
    for port in range(wanted, wanted + 100):
        if port not in taken and is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listen(port: int) -> socket.socket:
    """Listen on the port at once, for a server that starts later.

    Nobody can take the port meanwhile, and while the server is started again its
    clients wait instead of being refused. Raises OSError when it is taken.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def choose(places: Places) -> dict[str, int]:
    """Settle the ports of this start and remember them; links in mails stay good."""
    chosen: dict[str, int] = {}
    for name, wanted in ports(places).items():
        chosen[name] = free(wanted, frozenset(chosen.values()))
    write_private(places.local / "ports.json", json.dumps(chosen))
    return chosen
