"""How runs are decided here: who approves, how long it holds, operators' policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, IllegalMove
from provisioning.gates import rego
from provisioning.models import RegoPolicy, RunRules
from provisioning.states import FourEyes

SETTINGS = (
    "four_eyes",
    "self_approval_minutes",
    "approval_hours",
    "cool_off_minutes",
)
DAY, WEEK = 24 * 60, 7 * 24  # in minutes, in hours


class RulesInput(Input):
    four_eyes: FourEyes = Field(
        title="Who approves", description="A run that a person asked for."
    )
    self_approval_minutes: int = Field(
        default=60,
        ge=1,
        le=DAY,
        title="Minutes until the requester may approve",
        description="Counts only where the requester may at all.",
    )
    approval_hours: int = Field(
        default=24,
        ge=1,
        le=WEEK,
        title="Hours a plan and its approval are good",
    )
    cool_off_minutes: int = Field(
        default=10,
        ge=1,
        le=DAY,
        title="Minutes from a cancel to the first force-cancel",
    )


@dataclass(frozen=True, slots=True)
class RulesChanged:
    rules: RunRules
    before: dict[str, Any]
    after: dict[str, Any]


class ChangeRunRules(Action[RunRules, RulesInput, RulesChanged]):
    """Change how runs are decided. Whatever was approved before is approved no more."""

    model = RunRules
    Input = RulesInput
    permission = "provisioning.change_runrules"
    danger = Danger.DESTRUCTIVE

    def run(self, target: RunRules, data: RulesInput, *, actor: Actor) -> RulesChanged:
        before = {name: getattr(target, name) for name in SETTINGS}
        after = data.model_dump(mode="json")
        for name in SETTINGS:
            setattr(target, name, after[name])
        target.save()
        return RulesChanged(target, before, after)

    def present(self, result: RulesChanged) -> dict[str, Any]:
        changed = {"before": result.before, "after": result.after}
        return {"id": result.rules.public_id, **changed}


class PolicyInput(Input):
    text: str = Field(
        min_length=1,
        max_length=rego.LONGEST,
        title="Rego",
        description="A module of package paybill that defines findings.",
    )
    cases: list[rego.Case] = Field(
        min_length=1,
        max_length=50,
        title="Cases",
        description="Tests: name, plan (a fragment), findings that are expected.",
    )


class NewPolicyInput(PolicyInput):
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,59}$", title="Name")


class AddPolicy(Action[None, NewPolicyInput, RegoPolicy]):
    """Add a policy of your own, not enabled yet; it has to pass its own cases."""

    model = RegoPolicy
    Input = NewPolicyInput
    permission = "provisioning.add_regopolicy"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: NewPolicyInput, *, actor: Actor) -> RegoPolicy:
        if RegoPolicy.objects.filter(name=data.name).exists():
            raise Conflict(f"there is a policy {data.name} already")
        # A bounded computation that reaches nothing outside, so it may stand here.
        rego.prove(data.text, data.cases)
        return RegoPolicy.objects.create(**data.model_dump(mode="json"))


class ChangePolicy(Action[RegoPolicy, PolicyInput, RegoPolicy]):
    """Change a policy; refused when it does not pass its own cases."""

    model = RegoPolicy
    Input = PolicyInput
    permission = "provisioning.change_regopolicy"
    danger = Danger.CAREFUL

    def run(self, target: RegoPolicy, data: PolicyInput, *, actor: Actor) -> RegoPolicy:
        rego.prove(data.text, data.cases)
        for name, value in data.model_dump(mode="json").items():
            setattr(target, name, value)
        target.save()
        return target


class EnablePolicy(Action[RegoPolicy, NoInput, RegoPolicy]):
    """Ask a policy about every plan from now on; its cases are tried once more."""

    model = RegoPolicy
    permission = "provisioning.change_regopolicy"
    danger = Danger.CAREFUL

    def run(self, target: RegoPolicy, data: NoInput, *, actor: Actor) -> RegoPolicy:
        rego.prove(target.text, [rego.Case(**case) for case in target.cases])
        return _switch(target, enabled=True)


class DisablePolicy(Action[RegoPolicy, NoInput, RegoPolicy]):
    """Ask a policy no more; plans that it judged go stale."""

    model = RegoPolicy
    permission = "provisioning.change_regopolicy"
    danger = Danger.CAREFUL

    def run(self, target: RegoPolicy, data: NoInput, *, actor: Actor) -> RegoPolicy:
        return _switch(target, enabled=False)


def _switch(policy: RegoPolicy, *, enabled: bool) -> RegoPolicy:
    if policy.enabled == enabled:
        raise IllegalMove(f"policy is {'enabled' if enabled else 'disabled'} already")
    policy.enabled = enabled
    policy.save()
    return policy
