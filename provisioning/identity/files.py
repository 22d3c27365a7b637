"""A token in a file that stays fresh for as long as the run is held.

1. The first token is written before Terraform starts (0600, whole or not at all).
2. A thread writes a new one when a third of its life is over.
3. A run that is not held any more gets no token: the file is taken away, and what
   Terraform still holds ends by itself within minutes.
4. While the database or an exchange fails the old token stays; it is tried again soon.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.planes import CONTROL, plane
from provisioning.errors import LeaseLost
from provisioning.identity.tokens import LIFE, Bearer, mint

log = logging.getLogger(__name__)

FRESH, AGAIN = LIFE / 3, 20.0  # seconds between tokens, and after a failure


def write_private(path: Path, text: str) -> None:
    """Write a file that is 0600 and never half written."""
    new = path.with_name(f"{path.name}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    new.replace(path)


class TokenFile:
    """Keeps ``path`` filled with a token of a bearer until the end of the block.

    ``made`` turns a token into what the file holds; by default it is the token.
    """

    def __init__(
        self,
        path: Path,
        bearer: Bearer,
        audience: str,
        made: Callable[[str], str] = str,
    ) -> None:
        self.path, self.bearer, self.audience, self.made = path, bearer, audience, made
        self._end = threading.Event()
        self._thread = threading.Thread(
            target=self._renew, name="token file", daemon=True
        )

    def __enter__(self) -> TokenFile:
        self.write()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join(timeout=10)
        self.path.unlink(missing_ok=True)

    def write(self) -> None:
        """Put a new token into the file. Raises LeaseLost."""
        write_private(self.path, self.made(mint(self.bearer, self.audience)))

    def _renew(self) -> None:
        wait = FRESH
        with plane(CONTROL):
            while not self._end.wait(wait):
                try:
                    self.write()
                    wait = FRESH
                except LeaseLost:
                    log.warning("the run is not held any more; its token is taken away")
                    self.path.unlink(missing_ok=True)
                    break
                except PaybillError as refusal:
                    log.warning("the token was not renewed: %s", refusal.detail)
                    wait = AGAIN
                except DatabaseError:
                    wait = AGAIN
                    with suppress(DatabaseError):
                        close_old_connections()
            connections.close_all()  # they belong to this thread
