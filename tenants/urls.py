"""The portal's addresses."""

from __future__ import annotations

from django.urls import path

from tenants.views import entry, keys, people, start, tenant

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
    path("entry/authorize/", entry.authorize, name="authorize"),
    path(".well-known/paybill-licence-keys", keys.licences, name="licence_keys"),
]
