"""The lease: renewed by a thread of its own, so that a long phase does not lose it."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django.utils import timezone

from paybill_site.kernel.planes import CONTROL, plane
from provisioning.actions.advancing import LEASE
from provisioning.errors import Canceled, LeaseLost
from provisioning.models import Run
from provisioning.runner.processes import started_at
from provisioning.states import FINAL, HELD, Operation, RunState

log = logging.getLogger(__name__)

BEAT, LOOK = LEASE.total_seconds() / 3, 0.5


def host() -> str:
    """The name of this host, as runs are held under it."""
    return socket.gethostname()


def holder() -> str:
    """This process, as no other is called: host, pid, start time."""
    return f"{host()} {os.getpid()} {started_at(os.getpid())}"


class Heartbeat:
    """Renews the lease of a run, and notices a cancel request or a lost lease.

    ``stop`` is set when Terraform has to end early, ``kill`` when it has to be killed;
    ``lost`` and ``canceled`` say why. While the database does not answer nothing is
    concluded.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.stop, self.kill = threading.Event(), threading.Event()
        self.lost, self.canceled = threading.Event(), threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, name="heartbeat", daemon=True
        )

    def __enter__(self) -> Heartbeat:
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

    def check(self) -> None:
        """Raise LeaseLost or Canceled when the run is not to go on."""
        if self.lost.is_set():
            raise LeaseLost
        if self.canceled.is_set():
            raise Canceled

    def _beat(self) -> None:
        renewed = time.monotonic()
        with plane(CONTROL):
            while not self._end.wait(LOOK):
                try:
                    self._look()
                    if time.monotonic() - renewed >= BEAT:
                        self._renew()
                        renewed = time.monotonic()
                except DatabaseError:
                    log.warning("the lease could not be renewed; trying again")
                    with suppress(DatabaseError):
                        close_old_connections()
            connections.close_all()  # they belong to this thread

    def _look(self) -> None:
        seen = Run.objects.values_list(
            "deployment__fence", "state", "cancel_requested_at"
        ).get(pk=self.run.pk)
        fence, state, canceled = seen
        if state == RunState.FORCE_CANCELED or self._in_the_way(state):
            self.kill.set()
            self._give_up()
        elif fence != self.run.fence:
            self._give_up()
        elif canceled is not None:
            self.canceled.set()
            self.stop.set()
        elif state not in HELD | {RunState.PENDING, RunState.CONFIRMED}:
            self._end.set()

    def _in_the_way(self, state: str) -> bool:
        """A look was ended for a run; it holds nothing, so it is not waited for."""
        return state in FINAL and self.run.operation == Operation.REFRESH

    def _renew(self) -> None:
        mine = Run.objects.filter(
            pk=self.run.pk, fence=self.run.fence, holder=self.run.holder
        )
        if not mine.update(lease_until=timezone.now() + LEASE, missed_at=None):
            self._give_up()

    def _give_up(self) -> None:
        self.lost.set()
        self.stop.set()
