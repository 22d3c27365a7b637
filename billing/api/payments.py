"""REST: payments, stored methods, disputes, what gateways told, bank statements."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from pydantic import BaseModel
from rest_framework import serializers

from billing import actions
from billing.api.session import SessionThings
from billing.incoming.actions import FollowIncoming
from billing.models import Dispute, IncomingEvent, Payment, PaymentMethod
from paybill_site.kernel.rest import Row, action_path, things


class PaymentSerializer(Row[Payment]):
    confirm_at = serializers.CharField(
        read_only=True, help_text="where the customer's bank asks, while it does"
    )

    class Meta:
        model = Payment
        fields = (
            "id",
            "invoice",
            "method",
            "number",
            "gateway",
            "reference",
            "state",
            "amount",
            "refunded",
            "currency",
            "code",
            "hard",
            "failure",
            "confirm_at",
            "created_at",
            "settled_at",
        )


class PaymentViews(SessionThings):
    queryset = Payment.objects.select_related("invoice", "method")
    serializer_class = PaymentSerializer


class PaymentMethodSerializer(Row[PaymentMethod]):
    address = serializers.CharField(
        read_only=True, help_text="where to fill it in, while it is pending"
    )

    class Meta:
        model = PaymentMethod
        fields = (
            "id",
            "customer",
            "gateway",
            "kind",
            "label",
            "expires",
            "is_default",
            "state",
            "trouble",
            "address",
            "created_at",
        )


class PaymentMethodViews(SessionThings):
    queryset = PaymentMethod.objects.select_related("customer")
    serializer_class = PaymentMethodSerializer


class DisputeSerializer(Row[Dispute]):
    class Meta:
        model = Dispute
        fields = (
            "id",
            "payment",
            "gateway",
            "reference",
            "amount",
            "currency",
            "why",
            "state",
            "answer_by",
            "opened_at",
            "closed_at",
        )


class DisputeViews(SessionThings):
    queryset = Dispute.objects.select_related("payment")
    serializer_class = DisputeSerializer


class IncomingEventSerializer(Row[IncomingEvent]):
    class Meta:
        model = IncomingEvent
        fields = (
            "id",
            "gateway",
            "event",
            "kind",
            "subject",
            "reference",
            "version",
            "state",
            "received_at",
            "followed_at",
        )


class IncomingEventViews(SessionThings):
    queryset = IncomingEvent.objects.all()
    serializer_class = IncomingEventSerializer


class Paid(BaseModel):
    """A payment and what is still open on its invoice, in minor units."""

    id: str
    state: str
    failure: str
    invoice: str
    invoice_state: str
    outstanding: int
    currency: str


class MatchedLine(BaseModel):
    """A line of the statement and the invoice that it pays."""

    line: int
    reference: str
    amount: int
    currency: str
    invoice: str
    rest: int


class UnmatchedLine(BaseModel):
    """A line that pays nothing here, and why."""

    line: int
    day: date
    amount: str
    currency: str
    text: str
    why: str


class ImportedStatement(BaseModel):
    """What a statement brought; amounts of matched lines in minor units."""

    matched: list[MatchedLine]
    known: int
    outgoing: int
    unmatched: list[UnmatchedLine]


one_invoice, one_payment = "invoices/<str:public_id>", "payments/<str:public_id>"
one_method, one_account = "payment-methods/<str:public_id>", "accounts/<str:public_id>"
urlpatterns = [
    *things("payments", PaymentViews),
    action_path(f"{one_invoice}/settle", actions.MarkInvoicePaid, output=Paid),
    action_path(f"{one_invoice}/charge", actions.PayInvoice, output=Paid),
    action_path(f"{one_payment}/look", actions.LookAtPayment),
    action_path(f"{one_payment}/withdraw", actions.WithdrawPayment),
    action_path(f"{one_payment}/refund", actions.RefundPayment),
    *things("payment-methods", PaymentMethodViews),
    action_path(f"{one_account}/set-up-method", actions.SetUpMethod),
    action_path(f"{one_method}/look", actions.LookAtMethod),
    action_path(f"{one_method}/make-default", actions.MakeDefault),
    action_path(f"{one_method}/remove", actions.RemoveMethod),
    *things("disputes", DisputeViews),
    *things("incoming-events", IncomingEventViews),
    action_path("incoming-events/<str:public_id>/follow", FollowIncoming),
    action_path("bank-statements", actions.ImportStatement, output=ImportedStatement),
]

if settings.PAYBILL_EMBEDDED:
    from billing.sandbox import actions as sandbox

    urlpatterns += [
        action_path(f"{one_invoice}/pay", sandbox.PayWithSandbox, output=Paid),
        action_path(
            f"{one_payment}/confirm", sandbox.ConfirmSandboxPayment, output=Paid
        ),
        action_path(f"{one_account}/add-test-method", sandbox.AddTestMethod),
        action_path(f"{one_method}/fill-in", sandbox.FillInTestMethod),
    ]
