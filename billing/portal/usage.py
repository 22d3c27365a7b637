"""What was used: for each tenant and meter so far in the period, and day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing import catalogue, clock
from billing import usage as counted
from billing.models import Meter, Subscription
from billing.portal.finding import find_account
from billing.portal.overview import frame
from billing.rating import money
from billing.rating.grants import Allowance
from billing.rating.periods import Period
from billing.reports import charts
from billing.reports.charts import Bar, Chart
from billing.states import RUNNING, PriceKind
from billing.usage import Asked
from paybill_site.kernel import actors

DAYS = 30
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """One meter of one tenant: how much in the period, of how much, and each day."""

    tenant: str
    meter: Meter
    period: Period
    allowed: Allowance | None
    used: Fraction
    days: tuple[tuple[datetime, Fraction], ...]

    @property
    def said(self) -> str:
        return grouped(self.used)

    @property
    def most(self) -> str:
        """The limit, or "" where there is none."""
        limit = self.allowed.limit if self.allowed else None
        return "" if limit is None else grouped(Fraction(limit))

    @property
    def percent(self) -> int | None:
        """Of the limit, whole percent; None where there is no limit."""
        if self.allowed is None or not self.allowed.limit:
            return None
        return int(self.used * 100 / self.allowed.limit)

    @property
    def tone(self) -> str:
        reached = self.percent or 0
        return "bad" if reached >= 100 else "warn" if reached >= 80 else "good"

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {"day": start, "said": grouped(amount)}
            for start, amount in reversed(self.days)
        ]

    @property
    def chart(self) -> Chart:
        bars = [
            Bar(f"{start:%-d %b}", (int(amount),), (grouped(amount),))
            for start, amount in self.days
        ]
        title = f"{self.meter.name} of {self.tenant}, day by day"
        return charts.draw(title, [self.meter.name], bars)


def grouped(amount: Fraction) -> str:
    """``1,250,000.5``."""
    whole, point, part = money.plain(amount).partition(".")
    if not whole.lstrip("-").isdigit():  # "about 0.333333333"
        return f"{whole}{point}{part}"
    return f"{int(whole):,}{point}{part}"


@login_required
@require_safe
def usage(request: HttpRequest, public_id: str) -> HttpResponse:
    """Every meter that the account's subscriptions pay for, or have a limit of."""
    account = find_account(request, public_id)
    rows = Subscription.objects.visible_to(actors.of_request(request))
    running = rows.filter(tenant__account=account, state__in=RUNNING)
    context = {**frame(account, "usage"), "counted": of(list(_loaded(running)))}
    return render(request, "billing/usage.html", context)


def _loaded(running: Any) -> Any:
    return running.select_related("tenant", "plan", "customer").order_by("pk")


def of(subscriptions: list[Subscription]) -> list[Counted]:
    """All meters of some subscriptions; the quantities are asked for at once."""
    wanted = [
        (subscription, code, allowed)
        for subscription in subscriptions
        for code, allowed in _meters(subscription).items()
    ]
    names = {code for _, code, _ in wanted}
    known = {meter.code: meter for meter in Meter.objects.filter(code__in=names)}
    wanted = [each for each in wanted if each[1] in known]
    spans = list(_days(clock.now()))
    asked = [
        Asked(subscription.tenant_id, code, period)
        for subscription, code, _ in wanted
        for period in (subscription.period, *spans)
    ]
    found = iter(counted.quantities(asked) if asked else [])
    return [
        Counted(
            subscription.tenant.name,
            known[code],
            subscription.period,
            allowed,
            next(found),
            tuple((span.start, next(found)) for span in spans),
        )
        for subscription, code, allowed in wanted
    ]


def _meters(subscription: Subscription) -> dict[str, Allowance | None]:
    """Codes of meters that are billed or limited, and the limit if there is one."""
    items = subscription.items.filter(price__kind=PriceKind.USAGE, end__isnull=True)
    billed = items.values_list("price__meter", flat=True)
    limited = catalogue.entitled(subscription).metered
    return {code: limited.get(code) for code in sorted({*billed, *limited})}


def _days(now: datetime) -> Iterator[Period]:
    """The last thirty days, today among them, in UTC."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(DAYS - 1, -1, -1):
        start = today - back * DAY
        yield Period(start, start + DAY)
