"""Discards plans that nobody may apply any more, so that they hold nothing up."""

from __future__ import annotations

import logging

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from provisioning.actions import WithdrawRun
from provisioning.actions.deciding import WAITS
from provisioning.gates import approvals
from provisioning.models import Run
from provisioning.system import REAPER

log = logging.getLogger(__name__)


def withdraw() -> int:
    """Discard runs whose plan went stale or whose approval is void; say how many."""
    related = ("deployment__tenant", "shown", "approval")
    runs = Run.objects.filter(state__in=WAITS).select_related(*related)
    return sum(_withdraw(run) for run in runs if approvals.withdrawn(run))


def _withdraw(run: Run) -> bool:
    try:
        perform(WithdrawRun, run, actor=REAPER)
    except PaybillError as refusal:  # somebody was faster
        log.info("%s is not withdrawn: %s", run.public_id, refusal.detail)
        return False
    return True
