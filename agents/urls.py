"""The addresses of the pages about agents on a tenant's host."""

from __future__ import annotations

from django.urls import path

from agents.views import approvals

app_name = "approvals"

urlpatterns = [
    path("approvals/", approvals.inbox, name="inbox"),
    path("approvals/<str:public_id>/", approvals.approval, name="approval"),
]
