"""How a call that a person has to agree to becomes an approval that waits.

1. The call was refused by the gate, so it was admitted and kept every rule until then.
2. It is rehearsed; what would happen is stored with it. Secrets among its arguments
   are sealed: people are shown the arguments without them.
3. The same call again is answered with the same approval, whatever became of it; other
   arguments under its key are refused. The same wish under another key finds the
   approval that waits for it already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from agents.actions.approvals import AskForApproval, VoidApproval
from agents.approvals import plans
from agents.approvals.ending import OPEN, keyed
from agents.models import Approval, WorkflowRun
from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction, Input, perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.errors import KeyReused, PaybillError
from paybill_site.kernel.inputs import parse
from paybill_site.kernel.schemas import masked
from paybill_site.kernel.workflows import registry

ME = actors.system(
    "approvals", "agents.add_approval", "agents.view_approval", "agents.settle_approval"
)

COMPARED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A call as the agent made it: ``given`` to the tool, ``data`` for the action."""

    tool: str
    given: Mapping[str, Any]
    action: AnyAction
    target: str | None
    data: Mapping[str, Any]
    actor: Actor
    key: str
    run: str = ""

    @property
    def parsed(self) -> Input:
        return parse(self.action.Input, dict(self.data))

    def text(self) -> str:
        """The input as text, as ``happening.arguments_of`` writes it."""
        return json.dumps(self.parsed.model_dump(mode="json"), sort_keys=True)

    def sealed(self) -> str:
        """The whole arguments, to be stored encrypted."""
        kept = {"given": dict(self.given), "data": self.text()}
        return json.dumps(kept, sort_keys=True)


def ask(wish: Wish, why: str) -> str:
    """Ask a person; returns the approval's id. Raises what the call would."""
    rows = Approval.objects.visible_to(wish.actor)
    before = rows.filter(key=wish.key).first()
    if before is not None:
        same = {wish.sealed(), keyed(wish.sealed())}
        if before.tool != wish.tool or before.sealed not in same:
            raise KeyReused
        return before.public_id
    plan = planned(wish)
    if waits := _open_for(plan):
        return waits
    key = digest_of([*plan.who, wish.key])
    done = perform(AskForApproval, None, _input(wish, plan, why), actor=ME, key=key)
    return str(done.output["id"])


def _open_for(plan: plans.Plan) -> str:
    """The approval that waits for the same already, or ""."""
    agent, person, standing = plan.who
    rows = Approval.objects.filter(
        asked_by=agent,
        behalf=person,
        standing=standing,
        action=plan.action,
        target=plan.target,
        state__in=OPEN,
        expires_at__gt=timezone.now(),
    )
    for approval in rows[:COMPARED]:
        if plans.in_terms_of(approval.shown, plan).digest() == approval.digest:
            return approval.public_id
    return ""


def planned(wish: Wish) -> plans.Plan:
    """What the call would do now. Raises PaybillError when it would be refused."""
    version = _version(wish)
    run = _run(wish)
    tried = rehearse(
        wish.action, wish.target, wish.parsed, actor=wish.actor, run=wish.run
    )
    model = wish.action.model._meta.label_lower
    return plans.Plan(
        who=plans.who(wish.actor),
        action=wish.action.name,
        arguments=wish.text(),
        target=f"{model}:{wish.target}" if wish.target else "",
        version=version,
        step=_place(wish, run),
        at=timezone.now(),
        changes=tuple(json.loads(json.dumps(tried.changes, default=str))),
        events=plans.events_of(tried.events),
    )


def void(public_id: str, why: str) -> None:
    """Take the force of an approval that can not be used; one that has none is left."""
    rows = Approval.objects.filter(public_id=public_id, state__in=OPEN)
    approval = rows.first()
    if approval is None:
        return
    try:
        perform(VoidApproval, approval, {"reason": why[:300]}, actor=ME)
    except PaybillError:
        # Somebody ended it meanwhile, in another way; what else fails is said.
        if rows.exists():
            raise


def _version(wish: Wish) -> str:
    if wish.target is None:
        return ""
    rows: Any = wish.action.model._default_manager
    found = rows.visible_to(wish.actor).filter(public_id=wish.target)
    return plans.version_of(found.first())


def _run(wish: Wish) -> WorkflowRun | None:
    rows = WorkflowRun.objects.visible_to(wish.actor)
    return rows.filter(public_id=wish.run).first() if wish.run else None


def _place(wish: Wish, run: WorkflowRun | None) -> tuple[str, ...]:
    if run is None:
        return ()
    steps = registry[run.workflow].steps
    step = next(s for s in steps if s.action is wish.action and run.state in s.at)
    return (run.public_id, run.version, run.state, str(run.taken), step.name)


def _input(wish: Wish, plan: plans.Plan, why: str) -> dict[str, Any]:
    agent, person, standing = plan.who
    return {
        "agent": agent,
        "behalf": person,
        "standing": standing,
        "run": wish.run,
        "step": plan.step[-1] if plan.step else "",
        "tool": wish.tool,
        "action": wish.action.name,
        "target": plan.target,
        "arguments": masked(wish.parsed),
        "sealed": wish.sealed(),
        "via": wish.actor.via[:80],
        "key": wish.key,
        "digest": plan.digest(),
        "shown": plan.shown(),
        "why": why[:300],
    }
