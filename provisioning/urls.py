"""Provisioning's addresses on the control host."""

from __future__ import annotations

from django.urls import path

from provisioning import backend, views
from provisioning.databases import views as databases
from provisioning.fleet import views as fleet
from provisioning.identity import views as identity

app_name = "provisioning"
urlpatterns = [
    path(".well-known/openid-configuration", identity.configuration),
    path(".well-known/jwks.json", identity.key_set, name="identity_keys"),
    path("terraform/state/<str:deployment>/", backend.state_view, name="state"),
    path("terraform/state/<str:deployment>/lock/", backend.lock_view, name="lock"),
    path(
        "terraform/state/<str:deployment>/unlock/", backend.unlock_view, name="unlock"
    ),
    path("tenants/<str:public_id>/database/", databases.page, name="database"),
    path(
        "tenants/<str:public_id>/database/restore/<str:backup>/",
        databases.restore,
        name="restore",
    ),
    path("tenants/<str:public_id>/window/", fleet.window, name="window"),
    path("runs/<str:public_id>/", views.run, name="run"),
    path("runs/<str:public_id>/live/", views.live, name="live"),
    path("runs/<str:public_id>/log/", views.log, name="log"),
    path("runs/<str:public_id>/<slug:verb>/", views.decide, name="decide"),
]
