"""A viewset over the same table without any permission: the least that is served."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import include, path
from rest_framework import routers, serializers, viewsets
from rest_framework.pagination import CursorPagination


class Order(models.Model):
    """The shop's orders as they stand; only the columns that are shown."""

    public_id = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    total_minor = models.PositiveBigIntegerField()
    cancel_reason = models.CharField(max_length=30)
    placed_at = models.DateTimeField()
    line1 = models.CharField(max_length=120)
    line2 = models.CharField(max_length=120)
    city = models.CharField(max_length=80)
    region = models.CharField(max_length=80)
    postcode = models.CharField(max_length=20)
    country = models.CharField(max_length=2)

    class Meta:
        app_label = "plain"
        managed = False
        db_table = "storefront_order"

    def __str__(self) -> str:
        return self.public_id


class OrderSerializer(serializers.ModelSerializer[Order]):
    class Meta:
        model = Order
        exclude = ("id",)


class Pages(CursorPagination):
    page_size = 50
    ordering = "-public_id"


class Orders(viewsets.ModelViewSet[Any]):
    queryset = Order._default_manager.all()
    serializer_class = OrderSerializer
    pagination_class = Pages
    lookup_field = "public_id"


router = routers.SimpleRouter()
router.register("orders", Orders)
urlpatterns = [path("api/", include(router.urls))]
