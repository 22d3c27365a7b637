"""The lease of a job, renewed by a thread of its own: a long dump does not lose it."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from types import TracebackType

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django.db.models import QuerySet
from django.utils import timezone

from paybill_site.kernel.planes import CONTROL, plane
from provisioning.actions.databasework import LEASE
from provisioning.databases.errors import JobLost
from provisioning.databases.states import JobState
from provisioning.models import DatabaseJob

log = logging.getLogger(__name__)

BEAT = LEASE.total_seconds() / 4


class Heartbeat:
    """Renews the lease of a job until its end; ``check`` tells whether it was lost.

    While the database does not answer nothing is concluded.
    """

    def __init__(self, job: DatabaseJob) -> None:
        self.job = job
        self._lost, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

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
        """Raise JobLost when another worker has the job."""
        if self._lost.is_set():
            raise JobLost

    def tell(self, step: str) -> None:
        """Say what is being done now; people see it. Raises JobLost."""
        self.check()
        shown = {"step": step, "since": timezone.now().isoformat()}
        if not _mine(self.job).update(progress=shown):
            raise JobLost

    def _beat(self) -> None:
        with plane(CONTROL):
            while not self._end.wait(BEAT):
                try:
                    until = timezone.now() + LEASE
                    if not _mine(self.job).update(lease_until=until):
                        self._lost.set()
                        break
                except DatabaseError:
                    log.warning("the lease could not be renewed; trying again")
                    with suppress(DatabaseError):
                        close_old_connections()
            connections.close_all()  # they belong to this thread


def _mine(job: DatabaseJob) -> QuerySet[DatabaseJob]:
    return DatabaseJob.objects.filter(
        pk=job.pk, fence=job.fence, state=JobState.RUNNING
    )
