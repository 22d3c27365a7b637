"""Whatever is called in whatever order: runs, steps and effects tell the same."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.actions import GrantAccess
from agents.actions.approvals import ApproveCall, RefuseCall
from agents.actions.workflows import CancelWorkflowRun
from agents.models import Agent, Approval, WorkflowRun
from examples.storefront.models import Product
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import AuditEntry
from tests.agents.listing import (
    CHANGE,
    READ,
    Describe,
    Listing,
    started,
    take,
)

pytestmark = pytest.mark.slow
NUMBERS = count()
CALLS = (
    "start", "describe", "again", "outside", "copy", "dear", "retire", "yes", "no",
    "cancel", "deliver", "other",
)  # fmt: skip


@dataclass
class Story:
    """One product, its runs, and whatever somebody tries with them."""

    clerk: Actor
    keeper: Actor
    product: Product
    keys: Any = field(default_factory=count)

    def key(self) -> str:
        return f"{self.product.public_id}-{next(self.keys)}"

    def run(self) -> WorkflowRun:
        rows = WorkflowRun.objects.filter(subject__endswith=self.product.public_id)
        return rows.first() or WorkflowRun(public_id="wfr_none")

    def try_out(self, call: str) -> None:
        # What is refused changes nothing: that is what is looked at.
        with contextlib.suppress(PaybillError):
            getattr(self, call)()
        self.look()

    def start(self) -> None:
        started(self.clerk, self.product, key=self.key())

    def describe(self) -> None:
        text = f"text {next(self.keys)}"
        take(self.clerk, "describe", self.run(), key=self.key(), text=text)

    def again(self) -> None:
        take(self.clerk, "describe", self.run(), key="the same", text="the same")

    def outside(self) -> None:
        perform(Describe, self.product, {"text": "outside"}, actor=self.clerk)

    def copy(self) -> None:
        name = f"Copy {next(NUMBERS)}"
        take(self.clerk, "copy", self.run(), key=self.key(), name=name)

    def dear(self) -> None:
        name = f"Dear {next(NUMBERS)}"
        take(self.clerk, "copy", self.run(), key=self.key(), name=name)

    def retire(self) -> None:
        take(self.clerk, "retire", self.run(), key=self.key())

    def yes(self) -> None:
        for approval in self._waiting():
            perform(ApproveCall, approval, None, actor=self.keeper)

    def no(self) -> None:
        for approval in self._waiting():
            perform(RefuseCall, approval, {"reason": "no, no"}, actor=self.keeper)

    def cancel(self) -> None:
        perform(CancelWorkflowRun, self.run(), None, actor=self.clerk)

    def deliver(self) -> None:
        outbox.drain()

    def other(self) -> None:
        old = self.product.description
        Product.objects.filter(pk=self.product.pk).update(description=f"{old}.")

    def _waiting(self) -> list[Approval]:
        return list(Approval.objects.filter(run=self.run().pk, state="waiting"))

    def look(self) -> None:
        rows = WorkflowRun.objects.filter(subject__endswith=self.product.public_id)
        for run in rows:
            self._check(run)
        open_ = rows.filter(status__in=["active", "waiting", "compensating"])
        assert open_.count() <= 1

    def _check(self, run: WorkflowRun) -> None:
        steps = list(run.steps.order_by("seq"))
        states = [Listing.initial(), *(step.new for step in steps)]
        assert [step.old for step in steps] == states[:-1]
        assert (run.state, run.taken) == (states[-1], len(steps))
        assert [step.seq for step in steps] == list(range(1, len(steps) + 1))
        effects, undone = self._effects(run)
        assert effects == [step.name for step in steps]
        assert undone == sum(step.status == "undone" for step in steps)
        waits = Approval.objects.filter(run=run, state__in=["waiting", "approved"])
        assert (run.status == "waiting") == waits.exists()
        used = Approval.objects.filter(run=run, state="used").count()
        assert used == sum(s.name == "retire" or self._was_dear(s) for s in steps)

    def _effects(self, run: WorkflowRun) -> tuple[list[str], int]:
        """The steps that the audit trail knows of, in order; and how many undos."""
        said = [
            json.loads(entry.body.partition("\n")[2])
            for entry in AuditEntry.objects.filter(
                outcome="done", body__contains=run.public_id
            ).order_by("seq")
        ]
        taken = [one for one in said if "workflow" in one]
        undos = [one for one in taken if one["action"].endswith(".redescribe")]
        forward = [one["workflow"]["step"] for one in taken if one not in undos]
        return forward, len(undos)

    def _was_dear(self, step: Any) -> bool:
        return bool(step.output.get("name", "").startswith("Dear "))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(calls=st.lists(st.sampled_from(CALLS), max_size=14))
def test_runs_steps_and_effects_tell_the_same(
    calls: list[str], clerk: Actor, keeper: Actor, helper: Agent
) -> None:
    product = Product.objects.create(
        name=f"Thing {next(NUMBERS)}", description="a thing"
    )
    for permission in (READ, CHANGE):
        rows = {"permission": permission, "objects": [product.public_id]}
        perform(GrantAccess, helper, rows, actor=keeper)
    story = Story(clerk, keeper, product)
    for call in ("start", *calls):
        story.try_out(call)
