"""Addresses of the sandbox; ``billing.urls`` has them in embedded mode only."""

from __future__ import annotations

from django.urls import path

from billing.sandbox import views

urlpatterns = [
    path("pay/<slug:public_id>/sandbox/", views.pay, name="sandbox_pay"),
    path("confirm/<slug:public_id>/", views.confirm, name="sandbox_confirm"),
    path("methods/<slug:public_id>/sandbox/", views.method, name="sandbox_method"),
]
