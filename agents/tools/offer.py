"""What one agent is offered, and what it is told when it may not use a tool.

A tool is given as this agent meets it: without the fields that it may not read or
write, without the arguments that are decided, with what is left of the others.
"""

from __future__ import annotations

from django.core import signing

from agents.errors import NotGranted, UnknownTool
from agents.limits import bindings
from agents.tools import catalogue
from agents.tools.catalogue import Tool, tools_here
from agents.tools.holding import held
from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.querysets import view_permission

PAGE = 50


def tools_for(actor: Actor) -> list[Tool]:
    """The tools for which the actor's token has the scope and it has some grant.

    In the order of names. Two queries, however many tools and grants there are: what
    is held on rows, and what narrows arguments.
    """
    tools = tools_here().values()
    asked = {name for tool in tools for name in needed(tool)}
    usable, bound = held(actor, asked), bindings.of(actor)
    offered = (tool for tool in tools if usable.issuperset(needed(tool)))
    met = (
        tool.seen(_hidden(tool, actor), bound.get(tool.name, ())) for tool in offered
    )
    return [tool for tool in met if _does_something(tool)]


def page(actor: Actor, cursor: str = "", size: int = PAGE) -> tuple[list[Tool], str]:
    """A page of the actor's tools behind the cursor, and the next cursor or "".

    Raises Invalid for a cursor that is none of this actor's.
    """
    after = _unseal(actor, cursor) if cursor else ""
    rest = [tool for tool in tools_for(actor) if tool.name > after]
    more = len(rest) > size
    return rest[:size], _seal(actor, rest[size - 1].name) if more else ""


def admitted(actor: Actor, name: str) -> Tool:
    """The tool of this name as the actor meets it. Raises UnknownTool and NotGranted.

    The refusal says by which rule.
    """
    tool = tools_here().get(name)
    if tool is None:
        raise UnknownTool(rule="tool")
    wanted = needed(tool)
    usable = held(actor, wanted)
    for permission in wanted:
        if permission not in usable:
            _refuse(actor, permission)
    met = tool.seen(_hidden(tool, actor), bindings.of(actor).get(name, ()))
    if not _does_something(met):
        raise NotGranted("this needs the permission of a field", rule="permission")
    return met


def needed(tool: Tool) -> tuple[str, ...]:
    """What a tool needs: its own permission and, to find its target, to see it."""
    if tool.action is None or tool.action.creates:
        return (tool.permission,)
    return (view_permission(tool.model), tool.permission)


def _refuse(actor: Actor, permission: str) -> None:
    if not actor.in_scope(permission):
        raise NotGranted(f"the token has no scope {permission}", rule="scope")
    raise NotGranted(f"this needs the permission {permission}", rule="permission")


def _hidden(tool: Tool, actor: Actor) -> frozenset[str]:
    """Fields whose own permission the actor does not hold on every row."""
    guarded = catalogue.guards(tool).items()
    return frozenset(
        name for needed, names in guarded if not actor.may(needed) for name in names
    )


def _does_something(tool: Tool) -> bool:
    """An update of which every field is hidden would be a tool for nothing."""
    return tool.reads or tool.tools is None or bool(tool.tools.writable)


def _seal(actor: Actor, name: str) -> str:
    return signing.dumps(name, salt=_salt(actor))


def _unseal(actor: Actor, cursor: str) -> str:
    try:
        return str(signing.loads(cursor, salt=_salt(actor)))
    except signing.BadSignature as error:
        raise Invalid("the cursor is not one of ours", rule="cursor") from error


def _salt(actor: Actor) -> str:
    place = planes.here()
    return f"agents.tools:{place.alias}:{place.schema}:{actor.id}"
