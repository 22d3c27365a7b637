"""What the page of a run shows: the run, its plan and cost, and who may decide what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden
from paybill_site.kernel.ids import new_id
from provisioning import actions
from provisioning.gates import approvals, diff
from provisioning.gates.reading import HIDDEN
from provisioning.models import Run, ShownPlan
from provisioning.runner import logs
from provisioning.states import Operation, Phase, PhaseState, RunState

RELATED = ("deployment__tenant", "deployment__account", "shown", "approval")
# Terraform or time moves it on; a waiting run is moved by people.
MOVES = {
    RunState.PENDING,
    RunState.PLANNING,
    RunState.CONFIRMED,
    RunState.APPLYING,
    RunState.FINISHING,
}
OPENED = 12  # a plan with fewer resources is shown unfolded
TITLES = {
    Operation.APPLY: "Apply",
    Operation.DESTROY: "Destroy",
    Operation.UNPROTECT: "Take the protection away",
    Operation.REFRESH: "Look for what changed outside",
    Operation.ADOPT: "Adopt what changed outside",
}
LEVELS = {
    "pass": ("passes", "good"),
    "note": ("noted", "quiet"),
    "approve": ("asks a person", "warn"),
    "refuse": ("refuses", "bad"),
}
KINDS = {
    "replace": "bad",
    "destroy": "bad",
    "forget": "bad",
    "update": "warn",
    "create": "good",
}


@dataclass(frozen=True, slots=True)
class Box:
    """The place where a plan is approved: for whom, and if not, why not.

    ``prove``: a fresh second factor is all that is missing.
    """

    may: bool
    why_not: str = ""
    prove: bool = False
    rule: str = ""


def moving(run: Run) -> dict[str, Any]:
    """What changes while the run works: the part that is polled."""
    phases = list(run.phases.all())
    done, total = run.progress.get("done", 0), run.progress.get("total", 0)
    return {
        "run": run,
        "title": TITLES[Operation(run.operation)],
        "phases": phases,
        "done": min(done, total),
        "total": total,
        "moves": run.state in MOVES,
        "logged": ",".join(p.name for p in phases if _has_log(p.state)),
    }


def deciding(run: Run, actor: Actor) -> dict[str, Any]:
    """Plan, cost, policies and what the actor may do about them."""
    shown = getattr(run, "shown", None)
    resources = [
        {**entry, "tone": KINDS.get(entry["kind"], "quiet")}
        for entry in (shown.resources if shown else [])
    ]
    waits = run.state == RunState.WAITING
    return {
        "resources": resources,
        "hidden": HIDDEN,
        **_compared(run),
        "opened": len(resources) <= OPENED,
        "policies": [_worded(entry) for entry in run.policies],
        "waits": waits,
        "good_until": approvals.good_until(run) if waits else None,
        "stale": approvals.withdrawn(run) if waits else "",
        "box": box(run, actor) if waits else None,
        "approval": getattr(run, "approval", None),
        "verbs": [verb for verb in BUTTONS if _offered(BUTTONS[verb], run, actor)],
        "once": new_id("key"),
    }


def _compared(run: Run) -> dict[str, Any]:
    """How the plan differs from the one before it of this deployment."""
    shown = getattr(run, "shown", None)
    earlier = ShownPlan.objects.filter(
        run__deployment=run.deployment_id, run__lt=run.pk
    )
    last = earlier.select_related("run").order_by("-run_id").first() if shown else None
    if shown is None or last is None:
        return {"last": None}
    found = diff.compared(last.resources, shown.resources)
    return {"last": last.run, "others": {k: v for k, v in found.items() if v}}


def _worded(entry: dict[str, Any]) -> dict[str, Any]:
    """A policy or a finding with the word and the tone for its level."""
    word, tone = LEVELS[entry["level"]]
    found = [_worded(finding) for finding in entry.get("findings", ())]
    return {**entry, "word": word, "tone": tone, "findings": found}


def policy_words(run: Run) -> list[tuple[str, str, str]]:
    """Each policy's name, and in a word and its tone what it says of the run."""
    words = [_worded(entry) for entry in run.policies]
    return [(e["title"] or e["policy"], e["word"], e["tone"]) for e in words]


BUTTONS: dict[str, AnyAction] = {
    "approve": actions.ConfirmRun,
    "discard": actions.DiscardRun,
    "cancel": actions.CancelRun,
    "retry": actions.RetryRun,
    "comment": actions.CommentRun,
}


def _offered(action: AnyAction, run: Run, actor: Actor) -> bool:
    legal = action.legal_in is None or run.state in action.legal_in
    return legal and actor.may(action.permission)


def box(run: Run, actor: Actor) -> Box:
    """Whether the actor may approve now, as ``ConfirmRun`` will decide it."""
    if not actor.may(actions.ConfirmRun.permission):
        return Box(may=False, why_not="approving needs a permission that you lack")
    try:
        rule = approvals.check_approver(run, actor)
    except Forbidden as refusal:
        prove = refusal.members.get("rule") == "second_factor"
        return Box(may=False, why_not=refusal.detail, prove=prove)
    return Box(may=True, rule=rule)


def log_of(run: Run, phase: str, offset: int) -> dict[str, Any]:
    """What a phase said from an offset on, and whether there will be more."""
    state = next((p.state for p in run.phases.all() if p.name == phase), "")
    text, following = logs.read(run, phase, offset)
    return {
        "phase": phase,
        "label": Phase(phase).label,
        "text": text,
        "offset": following,
        "grows": not run.is_final and state == PhaseState.RUNNING,
        "failed": state == PhaseState.FAILED,
    }


def _has_log(state: str) -> bool:
    return state in {PhaseState.RUNNING, PhaseState.DONE, PhaseState.FAILED}
