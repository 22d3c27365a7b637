"""On what a permission rested when a call was decided: part of every record.

``every row``: held in the whole plane, by the agent or one of its roles; ``rul_..@3``:
a rule and its version; ``row``, ``role``: a grant on the very object, to the agent or
to a role. Where rows are read, ``rows`` says that grants on single rows decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from agents.access import rules
from agents.tools import offer
from agents.tools.catalogue import tools_here
from paybill_site.kernel import planes
from paybill_site.kernel.actions import Call, closing
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.acts import Act
from paybill_site.kernel.permissions import numbered
from paybill_site.kernel.roles import quote

GRANTED = """
SELECT permission_id, 'row' FROM {to_user}
  WHERE user_id = %(agent)s AND permission_id = ANY (%(asked)s)
    AND content_object_id = %(row)s
UNION ALL
SELECT permission_id, 'role' FROM {to_group}
  WHERE group_id = ANY (ARRAY(
      SELECT group_id FROM accounts_user_groups WHERE user_id = %(agent)s))
    AND permission_id = ANY (%(asked)s) AND content_object_id = %(row)s
"""

type Basis = dict[str, list[str]]


def of(actor: Actor, needed: Iterable[str]) -> Basis:
    """What each permission rests on, as far as the actor itself knows. No query."""
    return {name: _known(actor, name) or ["rows"] for name in needed}


@closing
def tell(call: Call, act: Act, result: Any) -> None:
    """Note it for an agent's effect, with the grants on the very object. One query."""
    if call.actor.kind is not Kind.AGENT:
        return
    tool = tools_here().get(call.action.name.rpartition(".")[2])
    needed = offer.needed(tool) if tool else (call.action.permission,)
    found = {name: _known(call.actor, name) for name in needed}
    if isinstance(call.target, Model) and not all(found.values()):
        for permission, kind in _on_row(call.actor, call.target, needed):
            found[permission].append(kind)
    call.facts["basis"] = {name: sorted(set(kinds)) for name, kinds in found.items()}
    if act.spent:
        call.facts["amounts"] = dict(act.spent)


def _known(actor: Actor, permission: str) -> list[str]:
    whole = ["every row"] if permission in actor.grants else []
    return [*whole, *rules.used(actor, permission)]


def _on_row(
    actor: Actor, target: Model, needed: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """Each permission that was granted on the row, and to whom."""
    tables: tuple[Any, Any] | None = getattr(target, "object_grants", None)
    if tables is None:
        return
    names = {one.id: name for name in needed if (one := numbered(name))}
    to_user, to_group = (quote(table._meta.db_table) for table in tables)
    asked = {"agent": actor.principal, "asked": list(names), "row": target.pk}
    with planes.cursor() as cursor:
        cursor.execute(GRANTED.format(to_user=to_user, to_group=to_group), asked)
        for number, kind in cursor.fetchall():
            yield names[number], kind
