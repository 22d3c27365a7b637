"""How agents' requests get behind the second wall, and how writes are held against it.

Reading: ``enter`` opens a read-only transaction in the agents' role of the plane, with
the names of agent and token set for its row policies (``agents.access.policies``).
Writing happens in the role of the running code, so before an agent's action the same
wall is asked, in the action's transaction, whether the agent may act at all and whether
it could read the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Model

from agents.access.policies import AGENT, TOKEN
from paybill_site.kernel import declarations, planes
from paybill_site.kernel.actions import Call, gate
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Forbidden, NotFound
from paybill_site.kernel.ids import is_id
from paybill_site.kernel.roles import quote, role_of

TIMEOUT = "2s"


@contextmanager
def enter(actor: Actor, *, timeout: str = TIMEOUT) -> Iterator[None]:
    """Read as the agent: in its database role, read-only, within a time.

    What was set is gone afterwards. A query that takes longer raises OperationalError.
    """
    quick = f"SET LOCAL statement_timeout = '{timeout}'"
    with planes.as_agent(f"{quick}; {_who(actor)}"):
        yield


def readable(target: Model | None, actor: Actor) -> bool:
    """Whether the agents' role would see the row; in the transaction that is open.

    Without a target, or for a model that no tool reads: whether the agent may act.
    """
    place = planes.here()
    back = quote(role_of(place.schema, "app"))
    with planes.cursor() as cursor:
        cursor.execute(
            f"SET LOCAL ROLE {quote(role_of(place.schema, 'agent'))}; {_who(actor)};"
            f" SELECT {_question(target)};"
            f" SET LOCAL ROLE {back}; SET LOCAL {AGENT} = ''; SET LOCAL {TOKEN} = ''"
        )
        while not cursor.description:
            cursor.nextset()
        return bool(cursor.fetchone()[0])


@gate
def may_act(call: Call) -> None:
    """Refuse an agent that was stopped meanwhile, and a target behind the wall."""
    if call.actor.kind is not Kind.AGENT:
        return
    if readable(call.target, call.actor):
        return
    if call.target is None:
        raise Forbidden("this agent may not act now", rule="stopped")
    raise NotFound(
        f"there is no such {call.action.model._meta.verbose_name}", rule="wall"
    )


def _question(target: Model | None) -> str:
    if target is None or type(target) not in declarations.registry:
        return "paybill_agent() IS NOT NULL"
    meta: Any = target._meta
    table, pk = quote(meta.db_table), quote(meta.pk.column)
    return f"EXISTS (SELECT FROM {table} WHERE {pk} = {int(target.pk)})"


def _who(actor: Actor) -> str:
    agent, token = _id(actor.id), token_of(actor)
    return f"SET LOCAL {AGENT} = '{agent}'; SET LOCAL {TOKEN} = '{token}'"


def token_of(actor: Actor) -> str:
    """The public id of the token by which the agent came in, or "".

    All agents come in by one (``agents.auth``); without it the wall opens nothing.
    """
    kind, _, token = actor.via.partition(" ")[0].partition(":")
    return _id(token) if kind == "token" else ""


def _id(value: str) -> str:
    """The id, or "" for what is none: it becomes part of a statement."""
    return value if is_id(value) else ""
