"""REST: products of one's own and what they were told."""

from __future__ import annotations

from paybill_site.accounts.auth import SessionAuthentication
from paybill_site.kernel.rest import Row, Things, action_path, things
from provisioning import actions
from provisioning.models import Product, ProductNotice


class ProductSerializer(Row[Product]):
    class Meta:
        model = Product
        fields = ("id", "code", "name", "image", "address", "created_at")


class ProductNoticeSerializer(Row[ProductNotice]):
    class Meta:
        model = ProductNotice
        fields = (
            "id",
            "product",
            "tenant",
            "kind",
            "state",
            "sequence",
            "tries",
            "said",
            "created_at",
            "answered_at",
        )


class Products(Things):
    """Products that are any container image."""

    authentication_classes = (SessionAuthentication,)
    queryset = Product.objects.all()
    serializer_class = ProductSerializer


class Notices(Things):
    """What products were told of their tenants."""

    authentication_classes = (SessionAuthentication,)
    queryset = ProductNotice.objects.select_related("product", "tenant")
    serializer_class = ProductNoticeSerializer


urlpatterns = [
    *things("products", Products),
    *things("product-notices", Notices),
    action_path("products/<str:public_id>/change", actions.ChangeProduct),
    action_path("product-notices/<str:public_id>/again", actions.SendNoticeAgain),
]
