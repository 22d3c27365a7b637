"""The grants of a principal, in django-guardian's tables: give, take back, look at.

A permission holds on single rows (a row in the model's grant tables) or on every row
of a kind (the principal's ordinary Django permissions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q

from agents.errors import NotGrantable
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


def grant_all(principal: User, permission: str, actor: Actor) -> None:
    """Grant on every row. Raises Forbidden unless the actor holds just that."""
    if not actor.may(permission):
        raise Forbidden(f"you do not hold {permission} yourself", rule="permission")
    principal.user_permissions.add(_permission(permission))


def grant(principal: User, permission: str, ids: Sequence[str], actor: Actor) -> None:
    """Grant on these rows; repeatable. Raises NotFound, Forbidden and NotGrantable."""
    if not ids:
        return
    to_user, _ = _tables(permission) or (None, None)
    if to_user is None:
        raise NotGrantable(f"{permission} is granted on every object or not at all")
    rows = _rows(permission, ids, actor)
    granted = _permission(permission)
    to_user.objects.bulk_create(
        [
            to_user(user=principal, permission=granted, content_object=row)
            for row in rows
        ],
        ignore_conflicts=True,
    )


def revoke_all(principal: User, permission: str) -> None:
    """Take the grant on every row back; grants on single rows stay."""
    principal.user_permissions.remove(_permission(permission))


def revoke(principal: User, permission: str, ids: Iterable[str]) -> None:
    """Take the grants on these rows back; repeatable."""
    to_user, _ = _tables(permission) or (None, None)
    if to_user is not None:
        held = to_user.objects.filter(user=principal, **_same(permission))
        held.filter(content_object__public_id__in=list(ids)).delete()


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


def _permission(name: str) -> Permission:
    app, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def _same(name: str) -> dict[str, str]:
    app, _, codename = name.partition(".")
    return {
        "permission__codename": codename,
        "permission__content_type__app_label": app,
    }
