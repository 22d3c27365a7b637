"""Which arguments agents may use, and which addresses outside these may name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from agents.actions.limits import AGENT_ID, holder
from agents.actions.roles import ROLE_ID
from agents.limits import egress
from agents.models import Binding, EgressEntry
from agents.tools.catalogue import tools_here
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Invalid

type Plain = (
    bool
    | Annotated[int, Field(ge=-(2**63), lt=2**63)]
    | Annotated[str, Field(max_length=200)]
)
type Session = dict[
    Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=60)]
]


class BindingInput(Input):
    agent: str = Field(
        "", pattern=f"{AGENT_ID}|^$", title="Agent", description="public id, or a role"
    )
    role: str = Field(
        "", pattern=f"{ROLE_ID}|^$", title="Role", description="public id, or an agent"
    )
    tool: str = Field(min_length=1, max_length=100, title="Tool")
    argument: str = Field(min_length=1, max_length=100, title="Argument")
    kind: Literal["fixed", "listed", "at_most", "at_least"] = Field(title="Kind")
    # The list is first: a form asks for JSON then.
    value: Annotated[list[Plain], Field(max_length=500)] | Plain | Session = Field(
        title="Value",
        description="as JSON: one value when it is fixed, a list when it is listed, a"
        ' number; {"session": "customer"} is taken from the session of the token',
    )
    note: str = Field("", max_length=300, title="Why")


class AddBinding(Action[None, BindingInput, Binding]):
    """Fix or narrow an argument of a tool, for an agent or a role."""

    model = Binding
    Input = BindingInput
    permission = "agents.add_binding"
    creates = True

    def run(self, target: None, data: BindingInput, *, actor: Actor) -> Binding:
        if not data.agent and not data.role:
            raise Invalid("name an agent or a role")
        _check(data)
        agent, role = holder(data.agent, data.role, actor)
        made: Binding = Binding.objects.create(
            agent=agent,
            role=role.group if role else None,
            made_by=actor.id,
            **data.model_dump(exclude={"agent", "role"}),
        )
        return made


class RemoveBinding(Action[Binding, NoInput, Binding]):
    """Remove a binding: the argument is as free again as the tool says."""

    model = Binding
    permission = "agents.delete_binding"
    danger = Danger.CAREFUL

    def run(self, binding: Binding, data: NoInput, *, actor: Actor) -> Binding:
        shown = Binding(pk=binding.pk, public_id=binding.public_id)
        binding.delete()
        return shown


class AddressInput(Input):
    address: str = Field(
        min_length=3,
        max_length=253,
        title="Address",
        description="an exact host, or @ and the domain of mail addresses",
    )
    agent: str = Field(
        "", pattern=f"{AGENT_ID}|^$", title="Agent", description="none: every agent"
    )
    note: str = Field("", max_length=300, title="Why")


class AllowAddress(Action[None, AddressInput, EgressEntry]):
    """Let agents name a host, or mail addresses of a domain, in what they do."""

    model = EgressEntry
    Input = AddressInput
    permission = "agents.add_egressentry"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: AddressInput, *, actor: Actor) -> EgressEntry:
        try:
            address = egress.entry(data.address)
        except ValueError as error:
            raise Invalid(str(error)) from error
        agent, _ = holder(data.agent, "", actor)
        if EgressEntry.objects.filter(agent=agent, address=address).exists():
            raise Conflict("this address is on the list already")
        made: EgressEntry = EgressEntry.objects.create(
            agent=agent, address=address, note=data.note, made_by=actor.id
        )
        return made


class ForbidAddress(Action[EgressEntry, NoInput, EgressEntry]):
    """Take an address off the list."""

    model = EgressEntry
    always_open = True
    permission = "agents.delete_egressentry"

    def run(self, entry: EgressEntry, data: NoInput, *, actor: Actor) -> EgressEntry:
        shown = EgressEntry(pk=entry.pk, public_id=entry.public_id)
        entry.delete()
        return shown


def _check(data: BindingInput) -> None:
    """Refuse what would fit nothing, or bind what is not there."""
    tool = tools_here().get(data.tool)
    if tool is None or data.argument not in tool.arguments.model_fields:
        raise Invalid("there is no such tool, or it has no such argument")
    value: Any = data.value
    is_session = isinstance(value, dict)
    if is_session and value.keys() != {"session"}:
        raise Invalid('the value is plain, or {"session": name}')
    if data.kind == "fixed":
        good = not isinstance(value, list)
    elif data.kind == "listed":
        good = isinstance(value, list) and bool(value)
    else:
        good = is_session or (isinstance(value, int) and not isinstance(value, bool))
    if not good:
        raise Invalid(f"this is no value for a binding that is {data.kind}")
