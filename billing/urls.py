"""Pages of the catalogue, of subscriptions and of invoices, on the control host."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from billing import views
from billing.documents import views as papers
from billing.portal import (
    credit,
    details,
    estimate,
    methods,
    ordering,
    overview,
    subscriptions,
    usage,
    zones,
)

app_name = "billing"
one = "subscriptions/<slug:public_id>/"
account = "billing/<slug:public_id>/"
method = "methods/<slug:public_id>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/", views.plans, name="plans"),
    path("plans/<slug:code>/", estimate.estimate, name="estimate"),
    path("plans/<slug:code>/order/", ordering.order, name="order"),
    path("pay/<slug:public_id>/", views.pay, name="pay"),
    path("billing/", overview.home, name="home"),
    path(account, overview.overview, name="account"),
    path(f"{account}invoices/", views.account_invoices, name="account_invoices"),
    path(f"{account}next/", overview.upcoming, name="upcoming"),
    path(f"{account}usage/", usage.usage, name="usage"),
    path(f"{account}methods/", methods.methods, name="methods"),
    path(f"{account}methods/add/", methods.add, name="method_add"),
    path(f"{account}details/", details.details, name="details"),
    path(f"{account}time-zone/", zones.zone, name="time_zone"),
    path(f"{account}credit/", credit.credit, name="credit"),
    path(f"{account}credit/code/", credit.redeem, name="redeem"),
    path(f"{account}credit/buy/", credit.buy, name="buy_credit"),
    path(method, methods.method, name="method"),
    path(f"{method}default/", methods.make_default, name="method_default"),
    path(f"{method}remove/", methods.remove, name="method_remove"),
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/<slug:public_id>/", views.invoice, name="invoice"),
    path("invoices/<slug:public_id>.pdf", papers.invoice_pdf, name="invoice_pdf"),
    path(
        "credit-notes/<slug:public_id>.pdf",
        papers.credit_note_pdf,
        name="credit_note_pdf",
    ),
    path(one, subscriptions.subscription, name="subscription"),
    path(f"{one}change/", subscriptions.change, name="change"),
    path(f"{one}cancel/", subscriptions.cancel, name="cancel"),
    path(f"{one}<slug:name>/", subscriptions.verb, name="verb"),
    path("", include("billing.incoming.urls")),
]
if settings.PAYBILL_EMBEDDED:
    urlpatterns.append(path("", include("billing.sandbox.urls")))
