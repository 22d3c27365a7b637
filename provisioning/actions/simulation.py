"""The simulator of an account listens somewhere else."""

from __future__ import annotations

from pydantic import Field

from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from provisioning.models import CloudAccount


class MoveInput(Input):
    endpoint: str = Field(
        max_length=200,
        pattern=r"^http://127\.0\.0\.1:\d{1,5}$",
        title="Address of the simulator",
    )


class MoveSimulation(Action[CloudAccount, MoveInput, CloudAccount]):
    """Note the simulator's new address; its port may change from start to start."""

    model = CloudAccount
    Input = MoveInput
    permission = "provisioning.change_cloudaccount"

    def run(
        self, target: CloudAccount, data: MoveInput, *, actor: Actor
    ) -> CloudAccount:
        if not target.simulation:
            raise IllegalMove("a cloud has no address of its own; a simulation has")
        target.endpoint = data.endpoint
        target.save(update_fields=["endpoint"])
        return target
