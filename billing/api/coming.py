"""REST: the next invoice, worked out and not written; what was used so far."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.invoicing import Bill
from billing.models import Customer
from billing.portal import upcoming, usage
from billing.portal.usage import Counted
from billing.rating import money
from billing.states import RUNNING
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.openapi import OF_READS, refusals
from paybill_site.kernel.rest import Known
from tenants.models import Tenant

REFUSED = refusals(*OF_READS, 409)


class ComingLine(serializers.Serializer[Any]):
    """Minor units, before tax that is put on top; ``why`` tells how it comes about."""

    description = serializers.CharField()
    why = serializers.CharField()
    kind = serializers.CharField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    amount = serializers.IntegerField()
    discount = serializers.IntegerField()
    tax = serializers.IntegerField()


class ComingInvoice(serializers.Serializer[Any]):
    """Minor units: subtotal - discount + tax - included = total = applied + due."""

    at = serializers.DateTimeField(help_text="when it is written")
    currency = serializers.CharField()
    lines = ComingLine(many=True)
    subtotal = serializers.IntegerField()
    discount = serializers.IntegerField()
    tax = serializers.IntegerField()
    included = serializers.IntegerField(help_text="tax that prices contain")
    total = serializers.IntegerField()
    applied = serializers.IntegerField(help_text="from the balance, or to it")
    due = serializers.IntegerField()


class Coming(serializers.Serializer[Any]):
    invoice = ComingInvoice(
        allow_null=True, help_text="null where none falls due within 400 days"
    )


class NextInvoice(APIView):
    """What the customer is billed next, if nothing is changed; nothing is written."""

    permission_classes = (Known,)

    @extend_schema(
        operation_id="customers_next_invoice",
        responses={200: OpenApiResponse(Coming), **REFUSED},
    )
    def get(self, request: Request, public_id: str) -> Response:
        actor: Any = request.auth
        rows = Customer.objects.permitted(actor, "billing.view_invoice")
        found = rows.select_related("account").filter(public_id=public_id[:40]).first()
        if found is None:
            raise NotFound
        coming = upcoming.next_invoice(found)
        return Response({"invoice": _bill(coming.bill) if coming else None})


class UsedDay(serializers.Serializer[Any]):
    day = serializers.DateField(help_text="of UTC")
    used = serializers.CharField(help_text='exact, or "about" so much')


class Used(serializers.Serializer[Any]):
    meter = serializers.CharField(help_text="code")
    units = serializers.CharField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    used = serializers.CharField(help_text="so far in the period")
    limit = serializers.IntegerField(allow_null=True, help_text="null: without one")
    days = UsedDay(many=True, help_text="the last thirty, today among them")


class Usage(APIView):
    """How much the tenant used: of every meter that it pays for or has a limit of."""

    permission_classes = (Known,)

    @extend_schema(
        operation_id="tenants_usage",
        responses={200: OpenApiResponse(Used(many=True)), **REFUSED},
    )
    def get(self, request: Request, public_id: str) -> Response:
        actor: Any = request.auth
        rows = Tenant.objects.permitted(actor, "billing.view_usageevent")
        tenant = rows.filter(public_id=public_id[:40]).first()
        if tenant is None:
            raise NotFound
        running = tenant.subscriptions.filter(state__in=RUNNING)
        loaded = running.select_related("tenant", "plan", "customer")
        return Response([_used(each) for each in usage.of(list(loaded))])


def _bill(bill: Bill) -> dict[str, Any]:
    sums = ("subtotal", "discount", "tax", "included", "total", "applied", "due")
    return {
        "at": bill.draft.at,
        "currency": bill.draft.currency,
        "lines": [_line(line) for line in bill.lines],
        **{name: getattr(bill, name) for name in sums},
    }


def _line(line: Any) -> dict[str, Any]:
    return {
        "description": line.draft.description,
        "why": line.draft.line.why,
        "kind": line.draft.kind,
        "period_start": line.draft.period.start,
        "period_end": line.draft.period.end,
        "amount": line.amount,
        "discount": line.discount,
        "tax": line.tax,
    }


def _used(found: Counted) -> dict[str, Any]:
    return {
        "meter": found.meter.code,
        "units": found.meter.units,
        "period_start": found.period.start,
        "period_end": found.period.end,
        "used": money.plain(found.used),
        "limit": found.allowed.limit if found.allowed else None,
        "days": [
            {"day": start.date(), "used": money.plain(amount)}
            for start, amount in found.days
        ],
    }


urlpatterns = [
    path(
        "customers/<str:public_id>/next-invoice",
        NextInvoice.as_view(),
        name="customers-next-invoice",
    ),
    path("tenants/<str:public_id>/usage", Usage.as_view(), name="tenants-usage"),
]
