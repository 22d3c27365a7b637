"""REST: products of one's own and what they were told."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from paybill_site.kernel.actions import perform
from paybill_site.kernel.openapi import PROBLEMS, id_parameter, key_parameter
from paybill_site.kernel.rest import (
    ActionView,
    Row,
    Things,
    action_path,
    key_of,
    things,
)
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


class RotateSecretView(ActionView):
    """The only answer in which a signing secret stands."""

    action = actions.RotateProductSecret

    @extend_schema(
        operation_id="provisioning_rotate_product_secret",
        summary=actions.RotateProductSecret.label(),
        description=actions.RotateProductSecret.description(),
        request=actions.RotateProductSecret.Input,
        parameters=[
            id_parameter(Product),
            key_parameter("up to 200 characters; a repeat answers without the secret"),
        ],
        responses={
            200: OpenApiResponse(FreshSecret, "Made; the secret is shown this once"),
            **PROBLEMS,
        },
    )
    def post(self, request: Request, public_id: str | None = None) -> Response:
        if request.query_params.get("dry_run"):
            return super().post(request, public_id)
        actor: Any = request.auth
        data: Any = request.data
        key = key_of(request)
        done = perform(self.action, public_id, data, actor=actor, key=key)
        response = Response({**done.output, "secret": done.result.fresh_secret})
        response["Cache-Control"] = "no-store"
        return response


urlpatterns = [
    *things("products", Products, actions.AddProduct),
    *things("product-notices", Notices),
    action_path("products/<str:public_id>/change", actions.ChangeProduct),
    path(
        "products/<str:public_id>/secret",
        RotateSecretView.as_view(),
        name="provisioning_rotate_product_secret",
    ),
    action_path("product-notices/<str:public_id>/again", actions.SendNoticeAgain),
]
