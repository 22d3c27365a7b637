"""What is metered, what a tenant used day by day, and the events behind a figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from billing import actions, clock
from billing.admin.rows import Neighbours
from billing.models import Meter, UsageBatch, UsageBucket, UsageEvent
from billing.rating import money
from billing.rating.periods import Period
from billing.reports import charts
from billing.reports.charts import Bar, Chart
from billing.usage import Asked, quantities, quantity
from paybill_site.kernel import actors
from paybill_site.kernel.admin import VerbAdmin, operators
from tenants.models import Tenant

DAYS, DAY = 30, timedelta(days=1)
SHOWN = 500
MAY = "billing.view_usageevent"


@operators.register(Meter)
class MeterAdmin(VerbAdmin[Meter]):
    """What is counted and how it adds up; what a meter means is final."""

    list_display = ("name", "code", "aggregation", "units", "carried", "retired_at")
    list_filter = ("aggregation", "carried")
    search_fields = ("public_id", "code", "name")
    creator = actions.CreateMeter
    verbs = (actions.RenameMeter, actions.RetireMeter, actions.RebuildUsage)


@operators.register(UsageBatch)
class BatchAdmin(VerbAdmin[UsageBatch]):
    """What came in together: by whom, how much of it counted, with which digest."""

    list_display = (
        "public_id",
        "sender",
        "accepted",
        "duplicates",
        "refused",
        "created_at",
        "rolled_at",
    )
    search_fields = ("public_id", "sender", "digest")

    def related(self, obj: UsageBatch) -> Neighbours:
        return [("events", reverse("admin:usage_batch", args=[obj.public_id]))]


@dataclass(frozen=True, slots=True)
class Metered:
    """Thirty days of a meter of a tenant."""

    meter: Meter
    total: str
    chart: Chart
    days: tuple[tuple[date, str, str], ...]  # the day, how much, where its events are


@operators.page("billing/usage/", "usage", MAY, title="Usage")
def index(request: HttpRequest, site: Any) -> HttpResponse:
    """Tenants that used something in the last thirty days."""
    since = _days(clock.now())[0].start
    used = UsageBucket.objects.filter(width="day", start__gte=since).values("tenant")
    rows = Tenant.objects.visible_to(actors.of_request(request)).filter(pk__in=used)
    context = {**site.each_context(request), "title": "Usage", "days": DAYS}
    context["tenants"] = rows.select_related("account").order_by("name")[:SHOWN]
    return TemplateResponse(request, "admin/usage/index.html", context)


@operators.page("billing/usage/<str:public_id>/", "usage_of_tenant", MAY)
def of_tenant(request: HttpRequest, site: Any, public_id: str) -> HttpResponse:
    """A chart for each meter that a tenant used, with its days."""
    tenant = _tenant(request, public_id)
    context = {
        **site.each_context(request),
        "title": f"Usage of {tenant.name}",
        "tenant": tenant,
        "metered": list(_metered(tenant, _days(clock.now()))),
    }
    return TemplateResponse(request, "admin/usage/tenant.html", context)


@operators.page(
    "billing/usage/<str:public_id>/<slug:code>/<str:day>/", "usage_day", MAY
)
def of_day(
    request: HttpRequest, site: Any, public_id: str, code: str, day: str
) -> HttpResponse:
    """The events of a day, as they came in, and what they add up to."""
    tenant = _tenant(request, public_id)
    meter = Meter.objects.filter(code=code).first()
    if meter is None:
        raise Http404
    period = _day(day)
    rows = UsageEvent.objects.filter(
        tenant=tenant, meter=meter, at__gte=period.start, at__lt=period.end
    )
    context = {
        **site.each_context(request),
        "title": f"{meter.name} of {tenant.name}, {period.start:%-d %B %Y}",
        "figure": _said(quantity(tenant, code, period), meter),
        **_events(rows),
    }
    return TemplateResponse(request, "admin/usage/events.html", context)


@operators.page("billing/usage-batches/<str:public_id>/", "usage_batch", MAY)
def of_batch(request: HttpRequest, site: Any, public_id: str) -> HttpResponse:
    """The events that came in together."""
    batch = UsageBatch.objects.filter(public_id=public_id).first()
    if batch is None:
        raise Http404
    context = {
        **site.each_context(request),
        "title": f"Events of {batch.public_id}",
        "figure": f"{batch.accepted} accepted",
        **_events(UsageEvent.objects.filter(batch=batch)),
    }
    return TemplateResponse(request, "admin/usage/events.html", context)


def _tenant(request: HttpRequest, public_id: str) -> Tenant:
    rows = Tenant.objects.visible_to(actors.of_request(request))
    tenant = rows.filter(public_id=public_id).first()
    if tenant is None:
        raise Http404
    return tenant


def _day(said: str) -> Period:
    try:
        start = datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise Http404 from error
    if not 2000 <= start.year <= 2999:
        raise Http404
    return Period(start, start + DAY)


def _events(rows: Any) -> dict[str, Any]:
    found = list(rows.select_related("meter", "tenant", "batch")[: SHOWN + 1])
    return {"events": found[:SHOWN], "more": len(found) > SHOWN, "shown": SHOWN}


def _metered(tenant: Tenant, days: list[Period]) -> Iterator[Metered]:
    buckets = UsageBucket.objects.filter(
        tenant=tenant, width="day", start__gte=days[0].start
    )
    meters = list(Meter.objects.filter(pk__in=buckets.values("meter")))
    whole = Period(days[0].start, days[-1].end)
    spans = [whole, *days]
    asked = [Asked(tenant.pk, meter.code, span) for meter in meters for span in spans]
    found = iter(quantities(asked) if asked else [])
    for meter in meters:
        total, *each = [next(found) for _ in spans]
        yield _drawn(tenant, meter, total, list(zip(days, each, strict=True)))


def _drawn(
    tenant: Tenant, meter: Meter, total: Fraction, each: list[tuple[Period, Fraction]]
) -> Metered:
    bars = [
        Bar(f"{day.start:%-d %b}", (int(used),), (_said(used, meter),))
        for day, used in each
    ]
    title = f"{meter.name} of {tenant.name}, day by day"
    rows = tuple(
        (day.start.date(), _said(used, meter), _address(tenant, meter, day))
        for day, used in reversed(each)
        if used
    )
    return Metered(
        meter, _said(total, meter), charts.draw(title, [meter.name], bars), rows
    )


def _address(tenant: Tenant, meter: Meter, day: Period) -> str:
    named = [tenant.public_id, meter.code, f"{day.start:%Y-%m-%d}"]
    return reverse("admin:usage_day", args=named)


def _said(used: Fraction, meter: Meter) -> str:
    return f"{money.plain(used)} {meter.unit if used == 1 else meter.units}"


def _days(now: datetime) -> list[Period]:
    """The last thirty days, today among them, in UTC."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [today - back * DAY for back in range(DAYS - 1, -1, -1)]
    return [Period(start, start + DAY) for start in starts]
