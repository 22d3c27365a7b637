"""On what a permission rested when a call was decided: part of every record.

``every row``: held in the whole plane, by the agent or one of its roles; ``rul_..@3``:
a rule and its version; ``row``, ``role``: a grant on the very object, to the agent or
to a role. Where rows are read, ``rows`` says that grants on single rows decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Model, Value

from agents.access import rules
from agents.tools import offer
from agents.tools.catalogue import tools_here
from paybill_site.kernel.actions import Call, closing
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.acts import Act

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
    tables: Any = getattr(target, "object_grants", None)
    if tables is None:
        return
    names = {name.rpartition(".")[2]: name for name in needed}
    to_user, to_group = tables
    same = {"content_object": target.pk, "permission__codename__in": list(names)}
    own = to_user.objects.filter(user=actor.principal, **same)
    roles = to_group.objects.filter(group__user=actor.principal, **same)
    shown = [
        rows.order_by().values_list(F("permission__codename"), Value(kind))
        for rows, kind in ((own, "row"), (roles, "role"))
    ]
    for codename, kind in shown[0].union(shown[1]):
        yield names[codename], kind
