"""REST: who pays, and how it is billed."""

from __future__ import annotations

from pydantic import BaseModel, Field

from billing import actions
from billing.actions.details import SetBillingDetails
from billing.actions.zones import SetTimeZone
from billing.api.session import SessionThings
from billing.models import Customer
from paybill_site.kernel.rest import Row, action_path, things


class CustomerSerializer(Row[Customer]):
    class Meta:
        model = Customer
        fields = (
            "id",
            "account",
            "currency",
            "name",
            "email",
            "street",
            "postcode",
            "city",
            "country",
            "business",
            "vat_number",
            "tax_exempt",
            "counting",
            "alignment",
            "billing_day",
            "tax_by",
            "collection",
            "terms_days",
            "dunning_exempt",
            "balance",
            "created_at",
        )


class CustomerViews(SessionThings):
    queryset = Customer.objects.select_related("account")
    serializer_class = CustomerSerializer


class Holding(BaseModel):
    """From when each setting that was changed holds."""

    holds: dict[str, str] = Field(description="by the name of the setting, in words")


class ZoneHolding(BaseModel):
    """From when on the account's new zone holds."""

    holds: dict[str, str] = Field(description="by subscription, in words")


one = "customers/<str:public_id>"
urlpatterns = [
    *things("customers", CustomerViews),
    action_path(f"{one}/reckoning", actions.SetReckoning, output=Holding),
    action_path(f"{one}/terms", actions.SetTerms),
    action_path(f"{one}/address", actions.SetAddress),
    action_path(f"{one}/bill", actions.BillCustomer),
    action_path(f"{one}/retry-billing", actions.RetryBilling),
    action_path("accounts/<str:public_id>/billing-details", SetBillingDetails),
    action_path("accounts/<str:public_id>/time-zone", SetTimeZone, output=ZoneHolding),
    action_path("subscriptions/<str:public_id>/overrides", actions.SetOverrides),
]
