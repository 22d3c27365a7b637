"""Roles: what several agents may do together, and who is in them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from pydantic import Field

from agents.access import grants
from agents.actions.agents import AccessInput, give, take
from agents.models import Agent, Role
from paybill_site.kernel import planes
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, NotFound
from paybill_site.kernel.ids import new_id

ROLE_ID = r"^rol_[0-9a-z]{26}$"


class RoleInput(Input):
    name: str = Field(min_length=1, max_length=80, title="Name")
    purpose: str = Field("", max_length=300, title="What its agents do")


class CreateRole(Action[None, RoleInput, Role]):
    """Add a role for agents. It gives nothing until something is granted to it."""

    model = Role
    Input = RoleInput
    permission = "agents.add_role"
    creates = True

    def run(self, target: None, data: RoleInput, *, actor: Actor) -> Role:
        if Role.objects.filter(name=data.name).exists():
            raise Conflict("there is a role of this name already")
        # People's groups have names of their own choosing; this one is never theirs.
        group = Group.objects.create(name=f"agents:{new_id('grp')}")
        made: Role = Role.objects.create(
            name=data.name, purpose=data.purpose, group=group, made_by=actor.id
        )
        return made


class GrantToRole(Action[Role, AccessInput, Role]):
    """Grant every agent in the role a permission on some objects, or on all of a kind.

    Nobody grants what they do not hold themselves.
    """

    model = Role
    Input = AccessInput
    permission = "agents.grant_role"
    danger = Danger.CAREFUL

    def run(self, role: Role, data: AccessInput, *, actor: Actor) -> Role:
        give(role.group, data, actor)
        return role


class RevokeFromRole(Action[Role, AccessInput, Role]):
    """Take a permission back from a role, on some objects or on all."""

    model = Role
    Input = AccessInput
    always_open = True
    permission = "agents.revoke_role"

    def run(self, role: Role, data: AccessInput, *, actor: Actor) -> Role:
        take(role.group, data)
        return role


class DropRole(Action[Role, NoInput, Role]):
    """Take a role away, with all that was granted to it and all of its rules."""

    model = Role
    always_open = True
    permission = "agents.delete_role"
    danger = Danger.DESTRUCTIVE

    def run(self, role: Role, data: NoInput, *, actor: Actor) -> Role:
        group = role.group
        shown = Role(pk=role.pk, public_id=role.public_id, name=role.name)
        role.delete()
        _erase(group)
        return shown


def _erase(group: Group) -> None:
    """Delete it with what hangs on it, in the tables of this plane.

    Django's own delete would look for grants on rows of the other plane's apps too.
    """
    here = planes.plane_labels(planes.here().schema)
    for relation in group._meta.related_objects:
        model: Any = relation.related_model
        if not relation.many_to_many and model._meta.app_label in here:
            model._base_manager.filter(**{relation.field.name: group}).delete()
    group.permissions.clear()
    members: Any = group
    members.user_set.clear()
    rows: Any = Group.objects.filter(pk=group.pk)
    rows._raw_delete(using=rows.db)


class MembershipInput(Input):
    role: str = Field(pattern=ROLE_ID, title="Role", description="public id")


class PutInRole(Action[Agent, MembershipInput, Agent]):
    """Put an agent into a role: from now on it may do what the role may.

    Nobody grants what they do not hold themselves.
    """

    model = Agent
    Input = MembershipInput
    permission = "agents.grant_access"
    danger = Danger.CAREFUL

    def run(self, agent: Agent, data: MembershipInput, *, actor: Actor) -> Agent:
        role = role_seen(data.role, actor)
        grants.check_passes_on(role.group, actor)
        agent.principal.groups.add(role.group)
        return agent


class TakeFromRole(Action[Agent, MembershipInput, Agent]):
    """Take an agent out of a role."""

    model = Agent
    Input = MembershipInput
    always_open = True
    permission = "agents.revoke_access"

    def run(self, agent: Agent, data: MembershipInput, *, actor: Actor) -> Agent:
        agent.principal.groups.remove(role_seen(data.role, actor).group)
        return agent


def role_seen(public_id: str, actor: Actor) -> Role:
    """The role, locked, among those that the actor may see. Raises NotFound."""
    rows = Role.objects.visible_to(actor).select_related("group")
    role = rows.select_for_update(of=("self",), no_key=True).filter(public_id=public_id)
    found = role.first()
    if found is None:
        raise NotFound("there is no such role")
    return found
