"""Database aliases that come and go: a bridge tenant's database is one.

An alias belongs to the process, the connection to the thread. Each process learns an
alias from the placement at its first use.
"""

from __future__ import annotations

from django.db import connections
from psycopg.conninfo import conninfo_to_dict

_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD"}
_NAMES |= {"host": "HOST", "port": "PORT"}


def add_alias(alias: str, dsn: str) -> None:
    """Make ``alias`` usable, or let it follow a changed ``dsn`` (libpq address).

    Threads that are connected keep their connection; it was valid when it was made.
    """
    parts = conninfo_to_dict(dsn)
    place = {name: str(parts.get(key) or "") for key, name in _NAMES.items()}
    known = connections.databases.get(alias)
    if known is not None:
        # The dictionary itself is shared with the wrappers of all threads.
        known.update(place)
        return
    default = connections.databases["default"]
    connections.databases[alias] = {
        **default,
        "OPTIONS": dict(default["OPTIONS"]),
        "TEST": dict(default.get("TEST", {})),
        **place,
    }


def forget_alias(alias: str) -> None:
    """Close this thread's connection ``alias``, and let no one open another."""
    connections[alias].close()
    del connections[alias]
    del connections.databases[alias]
