"""Who may approve a plan, for how long that holds, and when it does not hold any more.

A plan and its approval are good for ``RunRules.approval_hours`` from the plan on.
The plan is stale before that when what it was made on is another: the state, what the
tenant is entitled to, or the policies that judged it. (A newer run can not exist: a
deployment has one active run, and a waiting one is active.) An approval that was given
under other rules than today's is void, and so is one whose time is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.errors import Forbidden
from provisioning import entitled
from provisioning.errors import NotApproved, PlanStale
from provisioning.models import (
    Approval,
    Deployment,
    RegoPolicy,
    Run,
    RunRules,
    StateOrigin,
    StateVersion,
)
from provisioning.states import FourEyes

FRESH = timedelta(minutes=10)  # since the second factor was shown
JUDGED = ("isolation", "cloud", "region", "size", "retention_days", "limits")


def rules() -> RunRules:
    """How runs are decided here; the defaults before anybody changed them."""
    return RunRules.objects.order_by("pk").first() or RunRules()


def basis(deployment: Deployment) -> dict[str, Any]:
    """What a plan of this deployment is made and judged on, as of now.

    Of the entitlement only what a plan depends on: that it is paid for is asked anew
    at every step and makes no plan stale.
    """
    versions = StateVersion.objects.filter(deployment=deployment)
    newest = versions.exclude(origin=StateOrigin.RESCUED).defer("content").first()
    entitlement = entitled.entitlement_of(deployment.tenant)
    policies = RegoPolicy.objects.filter(enabled=True)
    return {
        "state": [newest.lineage, newest.serial] if newest else [],
        "entitlement": digest_of([getattr(entitlement, name) for name in JUDGED]),
        "policies": digest_of(list(policies.values_list("name", "text"))),
    }


WORDS = {
    "state": "the state changed after it was planned",
    "entitlement": "what the tenant is entitled to changed after it was planned",
    "policies": "the policies changed after it was planned",
}


def expiry(run: Run) -> datetime:
    """When an approval that is given now expires: with its plan."""
    hours = timedelta(hours=rules().approval_hours)
    return good_until(run) or timezone.now() + hours


def good_until(run: Run) -> datetime | None:
    """When the plan of a run expires; None while there is no plan."""
    shown = getattr(run, "shown", None)
    if shown is None:
        return None
    until: datetime = shown.created_at + timedelta(hours=rules().approval_hours)
    return until


def staleness(run: Run) -> str:
    """Why the plan of a run can not be applied any more; "" when it can."""
    until = good_until(run)
    if until is None:
        return ""
    if timezone.now() >= until:
        return f"it waited longer than the {rules().approval_hours} hours it was good"
    now, then = basis(run.deployment), run.shown.basis
    return next((WORDS[name] for name in WORDS if now[name] != then.get(name)), "")


def check_fresh(run: Run) -> None:
    """Raise PlanStale, saying why, when the plan can not be applied any more."""
    why = staleness(run)
    if why:
        raise PlanStale(f"the plan is stale: {why}; queue a new run")


def check_approver(run: Run, actor: Actor) -> str:
    """Return the rule by which the actor may approve. Raises Forbidden, saying why."""
    if actor.kind is not Kind.OPERATOR:
        raise Forbidden("only a person among the operators approves", rule="person")
    if actor.impersonator:
        raise Forbidden("nobody approves in somebody else's name", rule="impersonation")
    if not run.requested_by:
        return "one for the system"
    if run.requested_by != actor.id:
        return "somebody else"
    _check_self(run, actor, rules())
    return "delayed"


def _check_self(run: Run, actor: Actor, rules: RunRules) -> None:
    """The requester approves alone: only if allowed, later, and freshly shown."""
    if rules.four_eyes != FourEyes.DELAYED:
        text = "you asked for this run: somebody else has to approve it"
        raise Forbidden(text, rule="four_eyes")
    now, shown = timezone.now(), getattr(run, "shown", None)
    wait = timedelta(minutes=rules.self_approval_minutes)
    if shown is None or now < shown.created_at + wait:
        minutes = rules.self_approval_minutes
        text = f"you asked for this run: you may approve it {minutes} minutes after"
        raise Forbidden(f"{text} its plan, or somebody else now", rule="delay")
    if actor.second_factor_at is None or now >= actor.second_factor_at + FRESH:
        text = "you asked for this run: show your second factor again to approve it"
        raise Forbidden(text, rule="second_factor")


def check_approval(run: Run) -> None:
    """Raise NotApproved or PlanStale unless this very plan may be applied now.

    Where nobody had to approve it, it has to be fresh all the same.
    """
    check_fresh(run)
    if not run.reasons:
        return
    approval = Approval.objects.filter(run=run).first()
    why = "nobody approved it" if approval is None else _void(approval, run)
    if why:
        raise NotApproved(f"the plan may not be applied: {why}")


def _void(approval: Approval, run: Run) -> str:
    named = (approval.plan_sha256, approval.plan_digest)
    if named != (run.plan_sha256, run.plan_digest):
        return "another plan than this one was approved"
    if approval.void:
        return approval.void
    if timezone.now() >= approval.expires_at:
        return "the approval has expired"
    changed = rules().changed_at
    if changed is not None and changed > approval.created_at:
        return "the rules for runs changed after it was approved"
    return ""


def withdrawn(run: Run) -> str:
    """Why a run that waits or was approved has to be discarded; "" when it stays."""
    why = staleness(run)
    if why or not run.reasons:
        return why
    approval = Approval.objects.filter(run=run).first()
    return _void(approval, run) if approval is not None else ""
