"""Rows that a person may see, and what it may do with them; all else is not found."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import Http404, HttpRequest

from billing.models import Customer
from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from tenants.models import Account

# Whoever may see what a customer is billed by may open its pages.
SEES = "billing.view_customer"


def find[M: models.Model](
    rows: models.QuerySet[M], request: HttpRequest, public_id: str
) -> M:
    """The row with this id, if the person may see it. Raises Http404."""
    visible: Any = rows.all()
    visible = visible.visible_to(actors.of_request(request))
    found: M | None = visible.filter(public_id=public_id[:40]).first()
    if found is None:
        raise Http404
    return found


def billed_accounts(actor: Actor) -> models.QuerySet[Account]:
    """The accounts whose billing the person may see."""
    found: models.QuerySet[Account] = Account.objects.permitted(actor, SEES)
    return found.order_by("name", "pk")


def find_account(request: HttpRequest, public_id: str) -> Account:
    """An account with its customer, if there is one yet. Raises Http404."""
    rows = billed_accounts(actors.of_request(request)).select_related("customer")
    found = rows.filter(public_id=public_id[:40]).first()
    if found is None:
        raise Http404
    return found


def customer_of(account: Account) -> Customer | None:
    """Nobody is a customer before the first subscription."""
    customer: Customer | None = getattr(account, "customer", None)
    return customer


def may(actor: Actor, action: AnyAction, account: Account) -> bool:
    """Whether a button for this action is of any use to the person."""
    permission = action.permission
    if not actor.in_scope(permission):
        return False
    held = account.public_id in actor.accounts_with(permission)
    return held or permission in actor.grants
