"""The installation's switch: thrown by operators, carried into every plane."""

from __future__ import annotations

from pydantic import Field

from agents.access import switches
from agents.actions.access import SwitchInput
from agents.events import SwitchMoved
from agents.models import Switch
from paybill_site.kernel import actors, planes
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Forbidden
from paybill_site.kernel.events import emit
from paybill_site.kernel.planes import CONTROL

# Who follows the switch in a plane, and how a silo is told of it.
ME = actors.system("agents.switch", "agents.follow_switch")
PUSHED, AUDIENCE = "/entry/push/agents/", "agents"


class StopEverywhere(Action[None, SwitchInput, Switch]):
    """Stop every agent of every tenant and of the control plane."""

    model = Switch
    Input = SwitchInput
    always_open = True
    permission = "agents.throw_switch"
    danger = Danger.DESTRUCTIVE
    creates = True

    def run(self, target: None, data: SwitchInput, *, actor: Actor) -> Switch:
        _in_control()
        if not switches.throw(switches.EVERYWHERE, data.reason, actor.id):
            raise Conflict("all agents are stopped already")
        switches.turn()
        emit(SwitchMoved())
        return Switch.objects.get(name=switches.EVERYWHERE)


class ResumeEverywhere(Action[Switch, NoInput, Switch]):
    """Take the installation's switch back; a tenant's own stays thrown."""

    model = Switch
    permission = "agents.release_switch"
    danger = Danger.CAREFUL

    def run(self, switch: Switch, data: NoInput, *, actor: Actor) -> Switch:
        _in_control()
        if switch.name != switches.EVERYWHERE:
            raise Forbidden("this one is the control plane's own", rule="switch")
        shown = Switch(pk=switch.pk, public_id=switch.public_id, name=switch.name)
        switch.delete()
        switches.turn()
        emit(SwitchMoved())
        return shown


class FollowInput(Input):
    thrown: bool = Field(title="Thrown")
    reason: str = Field("", max_length=300, title="Reason")
    move: int = Field(ge=0, le=2**53, title="Number of the move")


class FollowSwitch(Action[None, FollowInput, None]):
    """Do in a tenant's plane what the installation's switch says.

    What was done already, or is older than what was done, changes nothing.
    """

    model = Switch
    Input = FollowInput
    always_open = True
    permission = "agents.follow_switch"
    creates = True

    def run(self, target: None, data: FollowInput, *, actor: Actor) -> None:
        if not switches.follows(data.move):
            return
        if data.thrown:
            switches.throw(switches.EVERYWHERE, data.reason, actor.id)
        else:
            switches.release(switches.EVERYWHERE)


def _in_control() -> None:
    if planes.here().schema != CONTROL.schema:
        raise Forbidden("this is the installation's switch", rule="switch")
