"""Which row an action is about, and whether the actor may do it there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import Q

from paybill_site.kernel.actors import Kind
from paybill_site.kernel.calls import Call
from paybill_site.kernel.errors import Forbidden, NotFound, StaleVersion
from paybill_site.kernel.ids import is_id


def find(call: Call) -> Any:
    """The target, visible to the actor and locked; None for creating actions.

    Raises NotFound, also for what the actor may not see, and StaleVersion.
    """
    if call.action.creates:
        return None
    public_id = _name(call)
    rows: Any = call.action.model._default_manager
    # What is no id is not asked for: the driver refuses some texts with an error.
    wanted = rows.visible_to(call.actor).filter(public_id=public_id)
    if not is_id(public_id):
        wanted = rows.none()
    # ``first`` would sort the one row, which costs more than to find it.
    target = next(iter(_locked(wanted.order_by()[:1])), None)
    if target is None:
        raise NotFound(f"there is no such {call.action.model._meta.verbose_name}")
    if call.version and call.version != str(getattr(target, "version", "")):
        raise StaleVersion
    return target


def _locked(wanted: Any) -> Any:
    """The row, and before it the one that its model says is locked before its own.

    ``locked_after`` names the relation; so actions on different rows of one owner
    queue up for the owner, and never wait for each other in a circle.
    """
    owner = getattr(wanted.model, "locked_after", "")
    if not owner:
        return _lock(wanted)
    relation = wanted.model._meta.get_field(owner)
    if relation.null:  # no join can lock what may not be there
        owners = relation.related_model._base_manager
        _lock(owners.filter(pk__in=wanted.values(owner))).first()
        return _lock(wanted)
    return _lock(wanted.select_related(owner), owner)


def _lock(rows: Any, *before: str) -> Any:
    """Lock each row, and those that it names before itself, in this order."""
    # Not a key lock: checks of foreign keys to this row run at other actions' commits,
    # which hold the head of their audit chain by then; waiting here would be a circle.
    return rows.select_for_update(of=(*before, "self"), no_key=True)


def permit(call: Call) -> None:
    """Raise Forbidden unless scope and permission hold on the call's target."""
    permission, actor = call.action.permission, call.actor
    check_scope(call)
    if actor.may(permission):
        return
    if call.action.by_row and actor.accounts_with(permission):
        return
    rows: Any = call.action.model._default_manager
    if call.target is None or not (
        rows.permitted(actor, permission).filter(pk=call.target.pk).exists()
    ):
        raise Forbidden(f"this needs the permission {permission}", rule="permission")


def permit_again(call: Call) -> None:
    """Raise NotFound or Forbidden where the caller of a repeat has lost the right.

    Agents are asked for everything that the first call was asked for, as far as the
    row is still there. Typed filters count as held whether or not they match the row
    now: the effect may be what took it out of them, and the answer got lost. Of people
    and programs of accounts, who may have given up the right by the very call, only
    the scope is asked.
    """
    if call.actor.kind is not Kind.AGENT:
        check_scope(call)
        return
    every = dict.fromkeys(call.actor.rules, Q(pk__isnull=False))
    row, actor = None, replace(call.actor, rules=every)
    if not call.action.creates:
        rows: Any = call.action.model._default_manager
        row = rows.filter(public_id=_name(call)).first()
        if row is None:  # the effect was its end, or somebody's since
            check_scope(call)
            return
        if not rows.visible_to(actor).filter(pk=row.pk).exists():
            raise NotFound(f"there is no such {call.action.model._meta.verbose_name}")
    permit(replace(call, target=row, actor=actor))


def _name(call: Call) -> str:
    return str(getattr(call.target, "public_id", call.target))


def check_scope(call: Call) -> None:
    """Raise Forbidden when the token has no such scope."""
    permission = call.action.permission
    if not call.action.own and not call.actor.in_scope(permission):
        raise Forbidden(f"the token has no scope {permission}", rule="scope")
