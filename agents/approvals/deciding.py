"""Who may decide: four eyes, and nobody who could not do it themselves."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from agents.approvals import bearers, plans, wording
from agents.errors import FourEyes, NotApproved
from agents.models import Approval
from paybill_site.kernel.actions import AnyAction, Danger, registry
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Forbidden, IllegalMove

PEOPLE = frozenset({Kind.PERSON, Kind.OPERATOR})


def check(approval: Approval, actor: Actor) -> None:
    """Raise FourEyes or Forbidden unless the actor may say yes to this."""
    check_person(actor)
    if actor.id in askers(approval):
        raise FourEyes("whoever asked does not decide", rule="four_eyes")
    if not holds(approval, actor):
        permission = action_of(approval).permission
        raise Forbidden(f"this needs the permission {permission}", rule="permission")
    if wording.unseen(approval, actor):
        says = "it changes rows that you may not see: somebody who does decides"
        raise Forbidden(says, rule="unseen")


def check_person(actor: Actor) -> None:
    """Raise FourEyes unless a person acts, under their own name."""
    if actor.kind not in PEOPLE or actor.behalf is not None:
        raise FourEyes("only a person decides this", rule="person")
    if actor.impersonator:
        says = "nobody decides this in somebody else's name"
        raise FourEyes(says, rule="impersonation")


def askers(approval: Approval) -> frozenset[str]:
    """Who asked: the agent, the person for whom it acts, who began the run.

    And who was shown the secret it came in with: they could have asked in its name.
    """
    run = approval.run
    who = {approval.asked_by, approval.behalf, run.started_by if run else ""}
    return bearers.holders(approval.via) | (who - {""})


def holds(approval: Approval, actor: Actor) -> bool:
    """Whether the actor may do itself, to this target, what it would agree to."""
    permission = action_of(approval).permission
    if actor.may(permission):
        return True
    target = target_of(approval)
    if target is None:
        return False
    rows: Any = type(target)._default_manager
    return bool(rows.permitted(actor, permission).filter(pk=target.pk).exists())


def check_open(approval: Approval) -> None:
    """Raise IllegalMove or NotApproved when there is nothing to decide any more."""
    if approval.state != "waiting":
        raise IllegalMove(f"approval is {approval.state}; it is not decided again")
    if approval.expires_at <= timezone.now():
        raise NotApproved("the approval is over its time", rule="approval_expired")


def changed(approval: Approval) -> str:
    """Why it is not the same any more, as far as the rows tell; "" when it is."""
    if why := bearers.withdrawn(approval):
        return why
    run = approval.run
    if run is not None and approval.shown["step"][2:4] != [run.state, str(run.taken)]:
        return "the run has gone on"
    if plans.version_of(target_of(approval)) != approval.shown["version"]:
        return "what it acts on has changed"
    return ""


def action_of(approval: Approval) -> AnyAction:
    """The verb that would be done. Raises NotApproved when it is gone."""
    action = registry.get(approval.action)
    if action is None:
        raise NotApproved("this can not be done any more", rule="approval_void")
    return action


def is_grave(approval: Approval) -> bool:
    """Whether what would be done can not be undone."""
    action = registry.get(approval.action)
    return action is not None and action.danger is Danger.DESTRUCTIVE


def target_of(approval: Approval) -> Any:
    """The row that would be acted on, whoever may see it; None when there is none."""
    if not approval.target:
        return None
    rows: Any = action_of(approval).model._base_manager
    return rows.filter(public_id=approval.target.rpartition(":")[2]).first()
