"""Reading is a filter: rows that an actor may not see do not exist for it.

``permitted`` answers "which rows?" and "this row?" with one mechanism, so a list,
a count and a check can not disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.granted import WHOLE, Form, Span, ways

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
        rows = reduce(or_, self._ways(actor, permission, Form.EACH), Q())
        return self.filter(rows) if rows else self.none()

    def parts_visible_to(self, actor: Actor, span: Span = WHOLE) -> list[Self]:
        """Rows that the actor may read, in parts that may overlap.

        Those between the numbers of ``span`` are all there; others need not be.

        The first so many of all parts together are the first so many of the whole; and
        each part has a plan of its own, which costs no more than what it finds. Models
        that say otherwise who sees their rows are one part.
        """
        own = type(self)
        usual = (own.visible_to, own.permitted) == (
            Visible.visible_to,
            Visible.permitted,
        )
        permission = view_permission(self.model)
        if not usual or not actor.in_scope(permission) or permission in actor.grants:
            return [self.visible_to(actor)]
        rows = self if actor.behalf is None else self.visible_to(actor.behalf)
        ways = self._ways(actor, permission, Form.ALL, span)
        return [rows.filter(way) for way in ways]

    def _ways(
        self, actor: Actor, permission: str, form: Form, span: Span = WHOLE
    ) -> Iterator[Q]:
        path: str | None = getattr(self.model, "account_path", None)
        accounts = actor.accounts_with(permission)
        if path is not None and accounts:
            name = f"{path}__public_id__in" if path else "public_id__in"
            yield Q(**{name: accounts})
        for granted in ways(self.model, actor, permission, form, span):
            yield Q(granted)
        if permission in actor.rules:
            yield actor.rules[permission]


VisibleManager = models.Manager.from_queryset(Visible)
