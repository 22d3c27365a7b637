"""REST: the catalogue, subscriptions, invoices and payments."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from billing import actions
from billing.models import Invoice, InvoiceLine, Payment, Plan, Subscription
from paybill_site.accounts.auth import SessionAuthentication
from paybill_site.accounts.principals import actor_of
from paybill_site.kernel.rest import Row, Things, action_path, things


class PlanSerializer(Row[Plan]):
    class Meta:
        model = Plan
        fields = (
            "id",
            "code",
            "version",
            "name",
            "summary",
            "price",
            "currency",
            "interval",
            "interval_count",
            "trial_days",
            "isolation",
            "cloud",
            "regions",
            "size",
            "retention_days",
            "features",
            "limits",
        )


class SubscriptionSerializer(Row[Subscription]):
    plan: Any = serializers.SlugRelatedField(slug_field="code", read_only=True)
    next_plan: Any = serializers.SlugRelatedField(
        slug_field="code", read_only=True, allow_null=True
    )

    class Meta:
        model = Subscription
        fields = (
            "id",
            "tenant",
            "plan",
            "next_plan",
            "region",
            "state",
            "period_start",
            "period_end",
            "cancel_at_period_end",
            "created_at",
            "activated_at",
            "ended_at",
        )


class LineSerializer(Row[InvoiceLine]):
    why = serializers.CharField(read_only=True)

    class Meta:
        model = InvoiceLine
        fields = ("position", "description", "amount", "inputs", "why")


class InvoiceSerializer(Row[Invoice]):
    number = serializers.CharField(read_only=True)
    reference = serializers.CharField(read_only=True)
    outstanding = serializers.IntegerField(read_only=True)
    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = Invoice
        fields = (
            "id",
            "tenant",
            "subscription",
            "kind",
            "state",
            "number",
            "reference",
            "currency",
            "total",
            "paid",
            "outstanding",
            "period_start",
            "period_end",
            "opened_at",
            "due_at",
            "paid_at",
            "lines",
        )


class PaymentSerializer(Row[Payment]):
    class Meta:
        model = Payment
        fields = (
            "id",
            "invoice",
            "gateway",
            "reference",
            "state",
            "amount",
            "currency",
            "failure",
            "created_at",
            "settled_at",
        )


class SessionThings(Things):
    authentication_classes = (SessionAuthentication,)


class PlanViews(SessionThings):
    """What is on sale, for everybody."""

    permission_classes: Any = (AllowAny,)
    queryset = Plan.objects.all()
    serializer_class = PlanSerializer

    def get_queryset(self) -> Any:
        return Plan.objects.visible_to(actor_of(self.request))


class SubscriptionViews(SessionThings):
    queryset = Subscription.objects.select_related("tenant", "plan", "next_plan")
    serializer_class = SubscriptionSerializer


class InvoiceViews(SessionThings):
    queryset = Invoice.objects.select_related(
        "tenant", "subscription"
    ).prefetch_related("lines")
    serializer_class = InvoiceSerializer


class PaymentViews(SessionThings):
    queryset = Payment.objects.select_related("invoice")
    serializer_class = PaymentSerializer


class Subscribed(BaseModel):
    """A subscription and what is to be paid for it first, in minor units."""

    id: str
    state: str
    invoice: str
    amount_due: int
    currency: str


class Changed(Subscribed):
    plan: str
    next_plan: str


class Paid(BaseModel):
    """A payment and what is still open on its invoice, in minor units."""

    id: str
    state: str
    failure: str
    invoice: str
    invoice_state: str
    outstanding: int
    currency: str


one_subscription = "subscriptions/<str:public_id>"
one_invoice = "invoices/<str:public_id>"
urlpatterns = [
    *things("plans", PlanViews, actions.CreatePlan),
    *things("subscriptions", SubscriptionViews),
    *things("invoices", InvoiceViews),
    *things("payments", PaymentViews),
    action_path("plans/<str:public_id>/retire", actions.RetirePlan),
    action_path(
        "tenants/<str:public_id>/subscribe", actions.Subscribe, output=Subscribed
    ),
    action_path(f"{one_subscription}/change", actions.ChangePlan, output=Changed),
    action_path(f"{one_subscription}/cancel", actions.CancelSubscription),
    action_path(f"{one_subscription}/undo-cancel", actions.UndoCancel),
    action_path(f"{one_invoice}/settle", actions.MarkInvoicePaid, output=Paid),
    action_path(f"{one_invoice}/void", actions.VoidInvoice),
]

if settings.PAYBILL_EMBEDDED:
    from billing.sandbox import actions as sandbox

    urlpatterns += [
        action_path(f"{one_invoice}/pay", sandbox.PayWithSandbox, output=Paid),
        action_path(
            "payments/<str:public_id>/confirm",
            sandbox.ConfirmSandboxPayment,
            output=Paid,
        ),
    ]
