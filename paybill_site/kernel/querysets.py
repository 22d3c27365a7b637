"""Reading is a filter: rows that an actor may not see do not exist for it.

``permitted`` answers "which rows?" and "this row?" with one mechanism, so a list,
a count and a check can not disagree.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from paybill_site.kernel.actors import Actor

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
        """Object grants by correlated EXISTS, flat in their number (agents.md, 4.2)."""
        tables: tuple[Any, Any] | None = getattr(self.model, "object_grants", None)
        if actor.principal is None or tables is None:
            return Q()
        to_user, to_group = tables
        app, _, codename = permission.partition(".")
        same = {
            "content_object": OuterRef("pk"),
            "permission__codename": codename,
            "permission__content_type__app_label": app,
        }
        return Q(Exists(to_user.objects.filter(user=actor.principal, **same))) | Q(
            Exists(to_group.objects.filter(group__user=actor.principal, **same))
        )


VisibleManager = models.Manager.from_queryset(Visible)
