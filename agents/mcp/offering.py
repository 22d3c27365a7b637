"""What agents meet at ``/mcp``: their tools, the schemas of these, their workflows.

Whatever is called goes through ``dispatch.call``, as it does from REST. What is
listed is what this agent is offered; anything else does not exist for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.mcp import calling, explaining, reading, waiting
from agents.mcp.registry import Asked, Context, Described, Steps, Task
from agents.tools import offer
from paybill_site.kernel.actors import Actor

INSTRUCTIONS = """\
You act under the rules of this place; a refusal names its rule and what to do.
A tool that acts takes idempotency_key: choose a new one for each thing that you want \
to happen, and send the same one, with the same arguments, when you repeat a call \
whose answer you did not get. With dry_run it shows what would change and changes \
nothing. The outcome awaiting_approval means that a person has to agree first: poll \
get_approval with the id; nothing has happened until then.
Amounts of money are whole numbers of minor units.\
"""


class Agents:
    """The registry of a plane's agents."""

    def instructions(self, actor: Actor) -> str:
        return INSTRUCTIONS

    def tools(self, actor: Actor) -> Sequence[Described]:
        return [calling.described(tool) for tool in offer.tools_for(actor)]

    def mirrored(self, name: str) -> Described:
        """Nothing: arguments are not copied to where logs of proxies keep them."""
        return {}

    def call(
        self, actor: Actor, name: str, arguments: dict[str, Any], context: Context
    ) -> Steps:
        return calling.call(actor, name, arguments, context)

    def resources(self, actor: Actor) -> Sequence[Described]:
        return reading.resources(actor)

    def templates(self, actor: Actor) -> Sequence[Described]:
        return reading.TEMPLATES

    def read(self, actor: Actor, uri: str) -> Sequence[Described]:
        return [reading.read(actor, uri)]

    def prompts(self, actor: Actor) -> Sequence[Described]:
        return explaining.prompts(actor)

    def prompt(
        self, actor: Actor, name: str, arguments: Mapping[str, Any], context: Context
    ) -> Described | Asked:
        return explaining.prompt(actor, name, arguments)

    def complete(
        self, actor: Actor, ref: Described, argument: str, value: str
    ) -> Sequence[str]:
        return reading.complete(actor, ref, value)

    def task(self, actor: Actor, id: str) -> Task:
        return waiting.task(actor, id)

    def cancel(self, actor: Actor, id: str) -> None:
        waiting.cancel(actor, id)
