"""The grants of a principal, in django-guardian's tables: give, take back, look at.

A permission holds on single rows (a row in the model's grant tables) or on every row
of a kind (the principal's ordinary Django permissions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import Q

from agents.errors import NotGrantable
from agents.models import Rule
from agents.states import RuleState
from agents.tools import catalogue
from paybill_site.accounts.models import User
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission and the public id of the row on which it holds; "" is every row."""

    permission: str
    object: str


def plane_wide(principal: int) -> frozenset[str]:
    """Permissions that the principal or one of its groups holds on every row.

    Django's own look-up would give everything to a superuser; no agent is one.
    """
    held = Permission.objects.filter(
        Q(user=principal) | Q(group__user=principal)
    ).values_list("content_type__app_label", "codename")
    return frozenset(f"{app}.{codename}" for app, codename in held)


def holds_some(principal: int, permission: str) -> bool:
    """Whether the principal or one of its groups holds it on at least one row."""
    tables = _tables(permission)
    if tables is None:
        return False
    to_user, to_group = tables
    same = _same(permission)
    return bool(
        to_user.objects.filter(user=principal, **same).exists()
        or to_group.objects.filter(group__user=principal, **same).exists()
    )


def grant_all(holder: User | Group, permission: str, actor: Actor) -> None:
    """Grant on every row. Raises Forbidden unless the actor holds just that."""
    if not actor.may(permission):
        raise Forbidden(f"you do not hold {permission} yourself", rule="permission")
    _on_everything(holder).add(_permission(permission))


def grant(
    holder: User | Group, permission: str, ids: Sequence[str], actor: Actor
) -> None:
    """Grant on these rows; repeatable. Raises NotFound, Forbidden and NotGrantable."""
    if not ids:
        return
    if _tables(permission) is None:
        raise NotGrantable(f"{permission} is granted on every object or not at all")
    rows = _rows(permission, ids, actor)
    table, whose = _table(permission, holder)
    granted = _permission(permission)
    table.objects.bulk_create(
        [table(permission=granted, content_object=row, **whose) for row in rows],
        ignore_conflicts=True,
    )


def revoke_all(holder: User | Group, permission: str) -> None:
    """Take the grant on every row back; grants on single rows stay."""
    _on_everything(holder).remove(_permission(permission))


def revoke(holder: User | Group, permission: str, ids: Iterable[str]) -> None:
    """Take the grants on these rows back; repeatable."""
    if _tables(permission) is not None:
        table, whose = _table(permission, holder)
        held = table.objects.filter(**whose, **_same(permission))
        held.filter(content_object__public_id__in=list(ids)).delete()


def check_grantable(permission: str) -> None:
    """Raise NotGrantable for a permission that no tool here uses."""
    if permission not in catalogue.grantable():
        raise NotGrantable(f"{permission[:60]} can not be given to an agent")


def check_passes_on(group: Group, actor: Actor) -> None:
    """Raise Forbidden unless the actor itself holds all that the group gives.

    Who puts an agent into a role grants it everything that the role holds.
    """
    given = group.permissions.values_list("content_type__app_label", "codename")
    names = {f"{app}.{codename}" for app, codename in given}
    rules = Rule.objects.filter(role=group).exclude(state=RuleState.OFF)
    for name in sorted(names.union(rules.values_list("permission", flat=True))):
        if not actor.may(name):
            raise _beyond(name)
    for model in models_with_grants():
        table = model.object_grants[1]  # type: ignore[attr-defined]
        on_rows = table.objects.filter(group=group)
        granted = on_rows.values_list(
            "permission__content_type__app_label", "permission__codename"
        )
        rows: Any = model._default_manager
        for app, codename in granted.distinct():
            name = f"{app}.{codename}"
            held = rows.permitted(actor, name).values("pk")
            beyond = on_rows.filter(**_same(name)).exclude(content_object__in=held)
            if beyond.exists():
                raise _beyond(name)


def _beyond(permission: str) -> Forbidden:
    return Forbidden(
        f"the role gives {permission}, which you do not hold on all of it yourself",
        rule="permission",
    )


def models_with_grants() -> list[type[models.Model]]:
    """The models of this plane's tools on whose single rows permissions are granted."""
    found = (m for m in catalogue.models_here() if hasattr(m, "object_grants"))
    return sorted(found, key=lambda model: model._meta.label)


def held(principal: int, limit: int = 200) -> list[Grant]:
    """What was granted to the principal itself, the newest ``limit`` of each kind."""
    found = [Grant(name, "") for name in sorted(plane_wide(principal))]
    for model in sorted(catalogue.models_here(), key=lambda m: m._meta.label):
        tables: Any = getattr(model, "object_grants", None)
        if tables is not None:
            rows = tables[0].objects.filter(user=principal).order_by("-pk")
            app = model._meta.app_label
            found += [
                Grant(f"{app}.{codename}", public_id)
                for codename, public_id in rows.values_list(
                    "permission__codename", "content_object__public_id"
                )[:limit]
            ]
    return found


def _rows(permission: str, ids: Sequence[str], actor: Actor) -> list[Any]:
    rows: Any = catalogue.model_of(permission)._default_manager
    wanted = set(ids)
    seen = {
        row.public_id for row in rows.visible_to(actor).filter(public_id__in=wanted)
    }
    if wanted - seen:
        raise NotFound(f"there is no {sorted(wanted - seen)[0][:40]}")
    held = list(rows.permitted(actor, permission).filter(public_id__in=wanted))
    if len(held) != len(wanted):
        raise Forbidden(f"you do not hold {permission} on all of them")
    return held


def _tables(permission: str) -> tuple[Any, Any] | None:
    model = catalogue.model_of(permission)
    tables: tuple[Any, Any] | None = getattr(model, "object_grants", None)
    return tables


def _table(permission: str, holder: User | Group) -> tuple[Any, dict[str, Any]]:
    """The table of grants for this kind of holder, and whose row it would be."""
    to_user, to_group = _tables(permission) or (None, None)
    if isinstance(holder, Group):
        return to_group, {"group": holder}
    return to_user, {"user": holder}


def _on_everything(holder: User | Group) -> Any:
    return holder.permissions if isinstance(holder, Group) else holder.user_permissions


def _permission(name: str) -> Permission:
    app, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def _same(name: str) -> dict[str, str]:
    app, _, codename = name.partition(".")
    return {
        "permission__codename": codename,
        "permission__content_type__app_label": app,
    }
