"""A role with a rule, and what agents leave for people: a wish, a run, a proposal."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from agents.access import switches
from agents.approvals.plans import Plan
from agents.models import Agent, Approval, Proposal, Rule, WorkflowRun
from examples.storefront.models import Order
from paybill_site.kernel import planes
from paybill_site.kernel.models import reference
from paybill_site.kernel.workflows import registry
from tests.flows.bodies import rule, some_scope


def furnish() -> None:
    """One of each in the entered plane, of its latest agent."""
    rule()
    agent = Agent.objects.latest("pk")
    # The role may be dropped, and its rule with it: this one stays.
    Rule.objects.create(agent=agent, permission=some_scope(), made_by="test")
    subject = reference(Order.objects.latest("pk")) if planes.here().tenant else ""
    WorkflowRun.objects.create(
        workflow=_workflow(),
        version="0" * 64,
        subject=subject or reference(agent),
        state="asked",
        agent=agent,
        started_by=agent.public_id,
    )
    wish(agent)
    Proposal.objects.create(
        agent=agent,
        action="provisioning.discard_run",
        target="provisioning.run:run_" + "0" * 26,
        why="nobody waits for it",
    )


def wish(agent: Agent) -> None:
    """A call without a target, kept as one that was rehearsed is."""
    plan = Plan(
        who=(agent.public_id, "", ""),
        action="storefront.cancel_order",
        arguments="{}",
        target="",
        version="",
        step=(),
        at=timezone.now(),
    )
    Approval.objects.create(
        agent=agent,
        tool="cancel_order",
        action=plan.action,
        shown=plan.shown(),
        sealed='{"given": {}, "data": "{}"}',
        via="agent:tok_" + "0" * 26,
        key="furnished",
        digest=plan.digest(),
        asked_by=agent.public_id,
        expires_at=timezone.now() + timedelta(hours=1),
    )


def stop_all() -> None:
    """Throw the switch of the entered plane: no agent does anything after it."""
    switches.throw(switches.HERE, "a test", "test")


def _workflow() -> str:
    """The first one that acts on orders."""
    orders = [n for n, one in sorted(registry.items()) if one.model is Order]
    return orders[0]
