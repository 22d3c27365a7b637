"""The shop's addresses on a tenant's host."""

from __future__ import annotations

from django.urls import path

from examples.storefront import views

app_name = "storefront"

urlpatterns = [
    path("", views.home, name="home"),
    path("orders/", views.orders, name="orders"),
    path("products/", views.products, name="products"),
]
