"""REST: products of one's own and what they were told."""

from __future__ import annotations

from pydantic import BaseModel, Field

from paybill_site.kernel.rest import Row, Things, action_path, shown_once, things
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

    queryset = Product.objects.all()
    serializer_class = ProductSerializer


class Notices(Things):
    """What products were told of their tenants."""

    queryset = ProductNotice.objects.select_related("product", "tenant")
    serializer_class = ProductNoticeSerializer


class FreshSecret(BaseModel):
    """A signing secret, once: a repeat under the same key answers without it."""

    id: str = Field(description="public id of the product")
    secret: str = Field(default="", description="whsec_ and the base64 of 32 bytes")


urlpatterns = [
    *things("products", Products, actions.AddProduct),
    *things("product-notices", Notices),
    action_path("products/<str:public_id>/change", actions.ChangeProduct),
    shown_once(
        "products/<str:public_id>/secret",
        actions.RotateProductSecret,
        output=FreshSecret,
        secret=lambda product: {"secret": product.fresh_secret},
    ),
    action_path("product-notices/<str:public_id>/again", actions.SendNoticeAgain),
]
