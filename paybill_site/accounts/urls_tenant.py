"""A tenant's doors."""

from __future__ import annotations

from django.urls import path

from paybill_site.accounts import views

app_name = "accounts"

urlpatterns = [
    path("entry/", views.enter, name="enter"),
    path("entry/callback/", views.callback, name="callback"),
    path("entry/push/", views.push, name="push"),
    path("entry/push/licence/", views.push_licence, name="push_licence"),
    path("leave/", views.leave, name="leave"),
]
