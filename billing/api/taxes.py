"""REST: rates of tax."""

from __future__ import annotations

from billing import actions
from billing.api.session import SessionThings
from billing.models import TaxRate
from paybill_site.kernel.rest import Row, action_path, things


class RateSerializer(Row[TaxRate]):
    class Meta:
        model = TaxRate
        fields = (
            "id",
            "country",
            "region",
            "tax_class",
            "payer",
            "name",
            "percent",
            "valid_from",
            "valid_until",
            "source",
        )


class RateViews(SessionThings):
    queryset = TaxRate.objects.all()
    serializer_class = RateSerializer


urlpatterns = [
    *things("tax-rates", RateViews, actions.AddTaxRate),
    action_path("tax-rates/<str:public_id>/end", actions.EndTaxRate),
]
