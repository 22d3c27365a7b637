"""Kill -9 anywhere: no effect without its step, no step without it, none twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from agents.actions.approvals import ApproveCall
from agents.actions.workflows import CancelWorkflowRun
from agents.models import Approval, WorkflowRun
from examples.storefront.models import Product
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import AuditEntry, Delivery
from paybill_site.kernel.verifying import verify
from tests.agents.listing import asked, describe, started
from tests.agents.workflows.worker import POINTS, STEPS
from tests.faults.payments import DATABASE

pytestmark = pytest.mark.slow


def killed_at(point: str) -> None:
    """Let a worker deliver what is due, and be killed at the point."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        DATABASE: str(connection.settings_dict["NAME"]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.agents.workflows.worker", point],
        check=False,
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=env,
        timeout=240,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]


def go_on() -> None:
    """Another worker takes over, once the lease of the killed one is over."""
    Delivery.objects.update(claimed_until=None)
    outbox.drain()


def done(action: str) -> int:
    return AuditEntry.objects.filter(action=action, outcome="done").count()


def test_a_worker_killed_anywhere_undoes_every_step_once(
    committed: None, clerk: Actor, product: Product
) -> None:
    for number, point in enumerate(POINTS):
        before, text = done("storefront.redescribe"), product.description
        run = started(clerk, product, key=f"start-{number}")
        for step in ("one", "two", "three"):
            describe(clerk, run, f"{step} {number}")
        perform(CancelWorkflowRun, run, None, actor=clerk)
        killed_at(point)
        go_on()
        run.refresh_from_db()
        product.refresh_from_db()
        assert (run.status, product.description) == ("cancelled", text), point
        assert done("storefront.redescribe") == before + 3, point
        statuses = set(run.steps.values_list("status", flat=True))
        assert statuses == {"undone"}, point
    assert verify().findings == ()


def test_a_worker_killed_anywhere_does_what_was_approved_once(
    committed: None, clerk: Actor, keeper: Actor, product: Product
) -> None:
    for number, point in enumerate(STEPS):
        run = started(clerk, product, key=f"start-{number}")
        describe(clerk, run, f"text {number}")
        name = f"Dear {number}"
        approval = asked(clerk, run, name)
        perform(ApproveCall, approval, None, actor=keeper)
        killed_at(point)
        _one_or_none(run, approval, name)
        go_on()
        approval.refresh_from_db()
        run.refresh_from_db()
        assert (approval.state, approval.outcome) == ("used", ""), point
        assert Product.objects.filter(name=name).count() == 1, point
        assert run.steps.filter(name="copy").count() == 1, point
        WorkflowRun.objects.filter(pk=run.pk).update(status="cancelled")
    assert verify().findings == ()


def _one_or_none(run: WorkflowRun, approval: Approval, name: str) -> None:
    """After the kill: effect, step and use are all there, or none of them."""
    approval.refresh_from_db()
    seen = {
        Product.objects.filter(name=name).exists(),
        run.steps.filter(name="copy").exists(),
        approval.state == "used",
    }
    assert len(seen) == 1
