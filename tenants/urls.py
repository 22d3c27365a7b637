"""The portal's addresses."""

from __future__ import annotations

from django.urls import path

from tenants.views import (
    developers,
    entry,
    keys,
    people,
    start,
    tenant,
    webhooks,
)

app_name = "portal"

urlpatterns = [
    path("", start.home, name="home"),
    path("start/", start.start, name="start"),
    path("start/slug/", start.slug, name="slug"),
    path("tenants/", start.dashboard, name="dashboard"),
    # /tenants/<ten_id>/
    path("tenants/<public_id>/", tenant.page, name="tenant"),
    path("tenants/<public_id>/progress/", tenant.progress, name="progress"),
    path("tenants/<public_id>/members/", people.members, name="members"),
    path("invitations/<token>/", people.invitation, name="invitation"),
    path("developers/", developers.home, name="developers_home"),
    # /developers/<acc_id>/, /developers/webhooks/<whe_id>/, ...
    path("developers/<public_id>/", developers.page, name="developers"),
    path("developers/<public_id>/keys/new/", developers.new_key, name="new_key"),
    path("developers/<public_id>/webhooks/new/", webhooks.new, name="new_webhook"),
    path("developers/webhooks/<public_id>/", webhooks.page, name="webhook"),
    path(
        "developers/webhooks/<public_id>/change/",
        webhooks.change,
        name="change_webhook",
    ),
    path("developers/messages/<public_id>/", webhooks.message, name="webhook_message"),
    path("entry/authorize/", entry.authorize, name="authorize"),
    path(".well-known/paybill-licence-keys", keys.licences, name="licence_keys"),
]
