"""The runner's steps outlast a database that is away for a while.

A step carries an idempotency key, so one that was done although its answer got lost
is not done again. Terraform itself asks the backend again by its own means.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections

from paybill_site.kernel.actions import Action, perform
from provisioning.models import Run
from provisioning.system import RUNNER

log = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError)
PATIENCE, PAUSE = 900.0, 1.0  # seconds


def act(action: type[Action[Run, Any, Run]], run: Run, data: Any) -> Run:
    """Perform a step of a run as the runner, once; raises what ``perform`` raises."""
    key, until = (
        f"{run.public_id}:{run.fence}:{action.name}",
        time.monotonic() + PATIENCE,
    )
    while True:
        try:
            done: Run = perform(action, run, data, actor=RUNNER, key=key).result
        except AWAY as error:
            if time.monotonic() > until:
                raise
            log.warning("the database is away (%s); trying again", type(error).__name__)
            time.sleep(PAUSE)
            close_old_connections()
        else:
            return done
