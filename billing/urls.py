"""Pages of the catalogue, of subscriptions and of invoices, on the control host."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from billing import subscription_views, views

app_name = "billing"
one = "subscriptions/<slug:public_id>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/", views.plans, name="plans"),
    path("pay/<slug:public_id>/", views.pay, name="pay"),
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/<slug:public_id>/", views.invoice, name="invoice"),
    path(one, subscription_views.subscription, name="subscription"),
    path(f"{one}change/", subscription_views.change, name="change"),
    path(f"{one}cancel/", subscription_views.cancel, name="cancel"),
    path(f"{one}undo-cancel/", subscription_views.undo_cancel, name="undo_cancel"),
    path("", include("billing.incoming.urls")),
]
if settings.PAYBILL_EMBEDDED:
    urlpatterns.append(path("", include("billing.sandbox.urls")))
