"""The addresses of the pages about agents on a tenant's host."""

from __future__ import annotations

from django.urls import path

from agents.views import approvals, switches

app_name = "approvals"

urlpatterns = [
    path("entry/push/agents/", switches.push_switch, name="push_switch"),
    path("approvals/", approvals.inbox, name="inbox"),
    path("approvals/<str:public_id>/", approvals.approval, name="approval"),
]
