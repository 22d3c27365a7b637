"""What one agent is offered, and what it is told when it may not use a tool."""

from __future__ import annotations

from agents.access import grants
from agents.errors import NotGranted, UnknownTool
from agents.tools.catalogue import Tool, tools_here
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.querysets import view_permission


def tools_for(actor: Actor) -> list[Tool]:
    """The tools for which the actor's token has the scope and it has some grant."""
    known: dict[str, bool] = {}
    return [
        tool
        for tool in tools_here().values()
        if all(_usable(actor, name, known) for name in needed(tool))
    ]


def admitted(actor: Actor, name: str) -> Tool:
    """The tool of this name. Raises UnknownTool and NotGranted, with the rule."""
    tool = tools_here().get(name)
    if tool is None:
        raise UnknownTool(rule="tool")
    for permission in needed(tool):
        if not actor.in_scope(permission):
            raise NotGranted(f"the token has no scope {permission}", rule="scope")
        if not _usable(actor, permission, {}):
            raise NotGranted(
                f"this needs the permission {permission}", rule="permission"
            )
    return tool


def needed(tool: Tool) -> tuple[str, ...]:
    """What a tool needs: its own permission and, to find its target, to see it."""
    if tool.action is None or tool.action.creates:
        return (tool.permission,)
    return (view_permission(tool.model), tool.permission)


def _usable(actor: Actor, permission: str, known: dict[str, bool]) -> bool:
    if permission not in known:
        known[permission] = actor.in_scope(permission) and (
            actor.may(permission)
            or bool(actor.accounts_with(permission))
            or (
                actor.principal is not None
                and grants.holds_some(actor.principal, permission)
            )
        )
    return known[permission]
