"""Reading is a filter: rows that an actor may not see do not exist for it.

``permitted`` answers "which rows?" and "this row?" with one mechanism, so a list,
a count and a check can not disagree.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.permissions import has_few, numbered

M = TypeVar("M", bound=models.Model)


def view_permission(model: type[models.Model]) -> str:
    """``billing.view_invoice`` for the model Invoice of the app billing."""
    return f"{model._meta.app_label}.view_{model._meta.model_name}"


class Visible(models.QuerySet[M]):
    """The queryset of every model that an actor may meet.

    The model says with ``account_path`` how its account is reached ("" when it is
    the account itself, None when it belongs to none).
    """

    def visible_to(self, actor: Actor) -> Self:
        """Rows that the actor may read."""
        return self.permitted(actor, view_permission(self.model))

    def permitted(self, actor: Actor, permission: str) -> Self:
        """Rows on which the actor holds the permission (``app.codename``)."""
        if not actor.in_scope(permission):
            return self.none()
        if actor.behalf is not None:
            theirs = self.permitted(actor.behalf, permission)
            return theirs.permitted(replace(actor, behalf=None), permission)
        if permission in actor.grants:
            return self.all()
        rows = self._of_accounts(actor, permission) | self._granted(actor, permission)
        rows |= actor.rules.get(permission, Q())
        return self.filter(rows) if rows else self.none()

    def _of_accounts(self, actor: Actor, permission: str) -> Q:
        path: str | None = getattr(self.model, "account_path", None)
        accounts = actor.accounts_with(permission)
        if path is None or not accounts:
            return Q()
        name = f"{path}__public_id__in" if path else "public_id__in"
        return Q(**{name: accounts})

    def _granted(self, actor: Actor, permission: str) -> Q:
        """Object grants, to the principal and to its groups, flat in their number.

        Both forms say the same; which one is quicker, the planner can not know. Few
        grants are looked through first. Of many, only those of rows that are looked
        at: a correlated EXISTS, said as a range, because an equality lets the planner
        read all of a holder's grants into a hash first.
        """
        tables: tuple[Any, Any] | None = getattr(self.model, "object_grants", None)
        principal = actor.principal
        if tables is None or principal is None:
            return Q()
        of_permission = numbered(permission)
        if of_permission is None:
            return Q()
        to_user, to_group = tables
        own = to_user.objects.filter(of_permission, user=principal)
        shared = to_group.objects.filter(of_permission, _in_groups(principal))
        if has_few(own, shared, principal, permission):
            ids = (rows.order_by().values("content_object") for rows in (own, shared))
            first, second = ids
            return Q(pk__in=first.union(second, all=True))
        row = OuterRef("pk")
        this = {"content_object__gte": row, "content_object__lte": row}
        return Q(Exists(own.filter(**this))) | Q(Exists(shared.filter(**this)))


class _AnyOf(Func):
    """``column = ANY (array)``: one look at an index for each member of the array."""

    template, arg_joiner = "(%(expressions)s))", " = ANY ("
    output_field = models.BooleanField()


def _in_groups(principal: int) -> _AnyOf:
    """Grants to the groups that the principal is in; they are few, and found once."""
    members: Any = get_user_model().groups.through
    of_principal = members.objects.filter(user=principal).order_by()
    return _AnyOf(F("group"), ArraySubquery(of_principal.values("group")))


VisibleManager = models.Manager.from_queryset(Visible)
