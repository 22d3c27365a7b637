"""REST: payments."""

from __future__ import annotations

from django.conf import settings
from pydantic import BaseModel

from billing import actions
from billing.api.session import SessionThings
from billing.models import Payment
from paybill_site.kernel.rest import Row, action_path, things


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


class PaymentViews(SessionThings):
    queryset = Payment.objects.select_related("invoice")
    serializer_class = PaymentSerializer


class Paid(BaseModel):
    """A payment and what is still open on its invoice, in minor units."""

    id: str
    state: str
    failure: str
    invoice: str
    invoice_state: str
    outstanding: int
    currency: str


one_invoice = "invoices/<str:public_id>"
urlpatterns = [
    *things("payments", PaymentViews),
    action_path(f"{one_invoice}/settle", actions.MarkInvoicePaid, output=Paid),
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
