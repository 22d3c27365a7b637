"""The state machines of backups and of the work on databases."""

from __future__ import annotations

from paybill_site.kernel.states import Machine
from provisioning.databases.states import BACKUP_MOVES, JOB_MOVES

BACKUP = Machine("backup", BACKUP_MOVES)
JOB = Machine("job", JOB_MOVES)
