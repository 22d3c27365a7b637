"""Addresses that gateways know."""

from __future__ import annotations

from django.urls import path

from billing.incoming import views

urlpatterns = [
    path("hooks/<slug:gateway>/", views.hook, name="hook"),
    path("payments/<slug:public_id>/back/", views.payment_back, name="payment_back"),
]
