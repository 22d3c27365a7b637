"""What a person asks to change about a subscription, and what it would come to.

One form at a time: another plan, other seats, or more or fewer of an add-on. What it
would come to is worked out by what makes it, from rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from billing import changes, clock
from billing.actions.subscriptions import (
    ChangePlan,
    ChangeQuantity,
    SetAddon,
    on_sale,
)
from billing.actions.subscriptions.subscribing import addons_on_sale, seats
from billing.changes import Takes, When
from billing.drafts import Draft
from billing.engine import accounts
from billing.engine.baskets import Wanted
from billing.models import Subscription
from billing.portal.upcoming import Upcoming, shown
from billing.states import InvoiceKind
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.errors import Invalid

SEATS = "seats-"
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """An action with its input, and the same as the engine takes it."""

    action: AnyAction
    data: dict[str, Any]
    wanted: Wanted
    when: When


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change comes to: when it is in force, and the invoice if there is one."""

    takes: Takes
    at: datetime
    invoice: Upcoming | None

    @property
    def due(self) -> int:
        return self.invoice.bill.due if self.invoice else 0


def asked(subscription: Subscription, given: QueryDict) -> Asked:
    """What a form asks for. Raises PaybillError where it makes no sense."""
    when = _when(given)
    what = given.get("what", "plan")
    read = {"plan": _plan, "seats": _seats, "addon": _addon}.get(what)
    if read is None:
        raise Invalid("nothing was chosen")
    action, data, wanted = read(subscription, given)
    return Asked(action, {**data, "when": when.value}, wanted, when)


def carried(given: QueryDict) -> list[tuple[str, str]]:
    """The fields of the form again, for the button that confirms it."""
    kept = ("what", "plan", "addon", "quantity", "when")
    return [
        (name, given.get(name, "")[:40])
        for name in given
        if name in kept or name.startswith(SEATS)
    ][:40]


def preview(subscription: Subscription, what: Asked) -> Preview:
    """Work a change out without making it. Raises what speaks against it."""
    account, held = accounts.hold(subscription)
    now = clock.now()
    change = changes.work_out(account, held, what.wanted, what.when, now)
    invoice = None
    if change.lines:
        currency = account.customer.currency
        draft = Draft(account.customer, InvoiceKind.CHANGE, currency, change.lines, now)
        invoice = shown(draft)
    later = change.takes is Takes.NEXT_PERIOD
    return Preview(change.takes, subscription.period_end if later else now, invoice)


def _when(given: QueryDict) -> When:
    try:
        return When(given.get("when", "") or When.DEFAULT)
    except ValueError as error:
        raise Invalid("say when it should change") from error


type Read = tuple[AnyAction, dict[str, Any], Wanted]


def _plan(subscription: Subscription, given: QueryDict) -> Read:
    code = given.get("plan", "")[:40]
    return ChangePlan, {"plan": code}, Wanted(on_sale(code))


def _seats(subscription: Subscription, given: QueryDict) -> Read:
    counts = {
        name.removeprefix(SEATS)[:40]: _count(given.get(name, ""))
        for name in given
        if name.startswith(SEATS)
    }
    wanted = Wanted(quantities=seats(counts, subscription.plan))
    return ChangeQuantity, {"seats": counts}, wanted


def _addon(subscription: Subscription, given: QueryDict) -> Read:
    code, count = given.get("addon", "")[:40], _count(given.get("quantity", ""))
    data = {"addon": code, "quantity": count}
    if count:
        return SetAddon, data, Wanted(addons=addons_on_sale({code: count}))
    had = subscription.items.filter(end=None, price__plan__code=code)
    item = had.select_related("price__plan").first()
    gone: Mapping[Any, Decimal] = {item.price.plan: Decimal(0)} if item else {}
    return SetAddon, data, Wanted(addons=gone)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:12]) <= MOST):
        raise Invalid(f"say how many, from 0 to {MOST:,}")
    return int(text)
