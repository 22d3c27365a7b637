"""The mail catcher: an SMTP server on loopback that stores what it is given.

python -m paybill_site.local.mail_catcher LISTENER FOLDER

It takes over a socket that listens already: its number is the first argument.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from paybill_site.local.places import write_private

LARGEST = 10 * 1024 * 1024
KEPT = 500


class Catcher:
    """Stores each message as one file whose name sorts by time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count()

    async def handle_DATA(  # noqa: N802, RUF100 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Store one message."""
        content = envelope.content or b""
        text = content if isinstance(content, str) else content.decode(errors="replace")
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        write_private(self.folder / f"{now}-{next(self._numbers):06}.eml", text)
        for old in sorted(self.folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return "250 stored"


async def serve(listener: socket.socket, folder: Path) -> None:
    """Serve until TERM or INT."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    catcher = Catcher(folder)

    def talk() -> SMTP:
        return SMTP(catcher, data_size_limit=LARGEST, enable_SMTPUTF8=True)

    server = await loop.create_server(talk, sock=listener)
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2])))
