"""Taking up what exists without being in the state, before anything is planned."""

from __future__ import annotations

from pydantic import BaseModel, Field

from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import redact
from paybill_site.kernel.errors import IllegalMove
from provisioning.actions.advancing import (
    HeldInput,
    StartInput,
    check_fence,
    new_token,
)
from provisioning.models import Deployment, Run
from provisioning.states import Operation, RunState

MOST = 2000


class Import(BaseModel):
    """One thing to take up: Terraform's address for it, and the cloud's id."""

    address: str = Field(max_length=300)
    id: str = Field(min_length=1, max_length=1000)


class SettleInput(Input):
    imports: list[Import] = Field(default_factory=list, max_length=MOST)
    unplaced: list[str] = Field(
        default_factory=list,
        max_length=MOST,
        description="what exists and has no place in the stack, in words",
    )


class SettleRun(Action[Run, SettleInput, Run]):
    """Note what a waiting run has to take up; what has no place freezes its deployment.

    Only a person can say what becomes of that: take it away in the cloud, or change
    the stack, and thaw the deployment, which is then looked at again.
    """

    model = Run
    Input = SettleInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: SettleInput, *, actor: Actor) -> Run:
        deployment = Deployment.objects.select_for_update(no_key=True).get(
            pk=target.deployment_id
        )
        if target.state != RunState.PENDING or deployment.settled:
            raise IllegalMove("what exists was compared already")
        if data.unplaced:
            deployment.frozen = _named(data.unplaced)
        else:
            target.imports = [one.model_dump() for one in data.imports]
            target.explanation = ""
            target.save(update_fields=["imports", "explanation"])
            deployment.settled = True
        target.asked, target.ask_after = 0, None  # once thawed, it is asked at once
        target.save(update_fields=["asked", "ask_after"])
        deployment.save(update_fields=["frozen", "settled"])
        return target


def _named(unplaced: list[str]) -> str:
    shown = "\n".join(f"- {words}" for words in unplaced[:50])
    more = f"\nand {len(unplaced) - 50} more" if len(unplaced) > 50 else ""
    return f"What exists can not be placed in the stack:\n{shown}{more}"


class PutOffInput(Input):
    why: str = Field(max_length=1000)


class PutOffRun(Action[Run, PutOffInput, Run]):
    """Note on a waiting run why it is not known yet what exists."""

    model = Run
    Input = PutOffInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: PutOffInput, *, actor: Actor) -> Run:
        if target.state != RunState.PENDING:
            raise IllegalMove(f"run is {target.state} and waits for nothing")
        target.explanation = redact(data.why)
        target.save(update_fields=["explanation"])
        return target


class StartTaking(Action[Run, StartInput, Run]):
    """Open the state of a run that destroys, to take up what exists before its plan.

    Terraform leaves import blocks out of a plan that destroys, so that is done by
    ``terraform import``: the one time when the state is written before an apply.
    """

    model = Run
    Input = StartInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: StartInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        if target.state != RunState.PLANNING or target.operation != Operation.DESTROY:
            raise IllegalMove("only a destroy takes things up before its plan")
        if not target.imports:
            raise IllegalMove("there is nothing to take up")
        return new_token(target, data, writes=True)


class StopTaking(Action[Run, StartInput, Run]):
    """What exists was taken up: from now on the state is for reading again."""

    model = Run
    Input = StartInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: StartInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        if target.state != RunState.PLANNING:
            raise IllegalMove(f"run is {target.state} and takes nothing up")
        return new_token(target, data, writes=False)


class TakeUpInput(HeldInput):
    imports: list[Import] = Field(min_length=1, max_length=MOST)


class TakeUpMore(Action[Run, TakeUpInput, Run]):
    """Add what a first plan would have made although it exists: things without tags."""

    model = Run
    Input = TakeUpInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: TakeUpInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        known = {one["address"] for one in target.imports}
        more = [one.model_dump() for one in data.imports if one.address not in known]
        target.imports = [*target.imports, *more]
        target.save(update_fields=["imports"])
        return target
