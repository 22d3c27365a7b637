"""Reads what pg_restore says, and runs it in one open transaction under another name.

pg_restore can not rename a schema, so its script is read: statements pass through
with the name replaced, rows pass through untouched. The statements are those of our
own migrations and the name is an opaque one of ours, so replacing it is safe; rows
are never looked into. Memory: the statements, and a piece of a row's table at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from psycopg import sql

from paybill_site.kernel import migrating, roles
from paybill_site.kernel.roles import Connection

COPY = re.compile(rb"COPY [^\n]+ FROM stdin;\n")
END_OF_ROWS = b"\\.\n"
PIECE = 1 << 18


def run(connection: Connection, script: IO[bytes], old: str, new: str) -> None:
    """Run the whole script. ``connection`` acts as the owner of the schema ``new``."""
    statements: list[bytes] = []
    for line in script:
        if COPY.fullmatch(line):
            _execute(connection, statements, old, new)
            _copy(connection, _renamed(line, old, new), script)
            statements = []
        else:
            statements.append(line)
    _execute(connection, statements, old, new)


def _execute(connection: Connection, lines: list[bytes], old: str, new: str) -> None:
    text = migrating.clean(_renamed(b"".join(lines), old, new).decode())
    if text:
        # Our own statements, without parameters: many in one message.
        connection.execute(text.encode())


def _renamed(text: bytes, old: str, new: str) -> bytes:
    # Row policies name the roles of the plane, which are called after its schema.
    kinds = "|".join(roles.KINDS).encode()
    named = rb"\b%s(?=(?:_(?:%s))?\b)" % (old.encode(), kinds)
    return re.sub(named, new.encode(), text)


def _copy(connection: Connection, statement: bytes, script: IO[bytes]) -> None:
    words = sql.SQL(statement.decode().rstrip(";\n"))
    with connection.cursor().copy(words) as copy:
        for piece in _pieces(script):
            copy.write(piece)


def _pieces(script: IO[bytes]) -> Iterator[bytes]:
    lines, size = [], 0
    for line in script:
        if line == END_OF_ROWS:
            break
        lines.append(line)
        size += len(line)
        if size >= PIECE:
            yield b"".join(lines)
            lines, size = [], 0
    yield b"".join(lines)
