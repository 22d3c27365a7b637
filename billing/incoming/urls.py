"""Addresses that gateways know, and those on the way to a gateway."""

from __future__ import annotations

from django.urls import path

from billing.incoming import views
from billing.portal import paying

payment = "payments/<slug:public_id>/"
urlpatterns = [
    path("hooks/<slug:gateway>/", views.hook, name="hook"),
    path(f"{payment}back/", views.payment_back, name="payment_back"),
    path(f"{payment}confirm/", paying.confirm, name="payment_confirm"),
    path(f"{payment}withdraw/", paying.withdraw, name="payment_withdraw"),
    path("pay/<slug:public_id>/stored/", paying.pay_stored, name="pay_stored"),
]
