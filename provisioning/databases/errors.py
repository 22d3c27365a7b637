"""What the care of databases refuses, and why."""

from __future__ import annotations

from paybill_site.kernel.errors import Conflict, PaybillError


class NoDatabase(PaybillError):
    """The tenant has no database that can be reached from here."""

    status = 409


class BacksItselfUp(PaybillError):
    """The database of a silo in a cloud is out of reach; no backups are taken here."""

    status = 409


class SharedLogIn(PaybillError):
    """Tenants in the pool share the application's log-in; it is changed for all."""

    status = 409


class NoProgram(PaybillError):
    """There is no pg_dump as new as the server: set PAYBILL_PG_BIN or install it."""

    status = 503
    permanent = False


class DumpFailed(PaybillError):
    """The database could not be dumped."""

    permanent = False


class BackupBroken(PaybillError):
    """The backup is not what was written: nothing was restored from it."""

    status = 409


class ArchiveMissing(PaybillError):
    """The archive is not in the store of backups that this process sees.

    It may lie on another host's disk, so it does not count as deleted.
    """

    status = 409
    permanent = False


class BackupNotReady(PaybillError):
    """Only a backup that is stored and verified can be restored."""

    status = 409


class Different(PaybillError):
    """What was restored is not what the backup's manifest lists."""

    status = 409


class JobLost(Conflict):
    """Another worker has this job; this one may write nothing more."""

    permanent = True


class StoreFailed(PaybillError):
    """The store of backups did not do as it was told."""

    status = 502
    permanent = False
