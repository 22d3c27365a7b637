"""Customers' webhooks: where they lead, what was sent, what came back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from tenants.hooks.actions import (
    DisableEndpoint,
    EnableEndpoint,
    ResendFailed,
    ResendMessage,
    SendTest,
)
from tenants.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from tenants.states import EndpointState, Unplugged

type Links = Iterable[tuple[str, models.Model | str | None]]


@operators.register(WebhookEndpoint)
class WebhookEndpointAdmin(VerbAdmin[WebhookEndpoint]):
    """Customers add them and keep their secrets; operators help when one is stuck."""

    list_display = ("public_id", "account", "url", "state_badge", "failing_since")
    list_filter = ("state", "disabled_because")
    list_select_related = ("account",)
    search_fields = ("public_id", "url", "account__name", "account__public_id")
    verbs = (SendTest, ResendFailed, DisableEndpoint, EnableEndpoint)
    bulk_verbs = (DisableEndpoint,)

    def related(self, obj: WebhookEndpoint) -> Links:
        log = reverse("admin:tenants_webhookmessage_changelist")
        yield "account", obj.account
        yield "messages", f"{log}?endpoint__id__exact={obj.pk}"


class AttemptRows(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """How often it was sent, and how the other side answered."""

    model = WebhookAttempt
    fields = readonly_fields = ("number", "at", "status", "milliseconds", "said")
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # with the message they belong to

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@operators.register(WebhookMessage)
class WebhookMessageAdmin(VerbAdmin[WebhookMessage]):
    """What was told, and how it went."""

    list_display = ("public_id", "endpoint", "type", "state_badge", "attempts")
    list_filter = ("state", "type", ("endpoint", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("endpoint",)
    search_fields = ("public_id", "endpoint__public_id", "key")
    inlines = (AttemptRows,)
    verbs = (ResendMessage,)
    bulk_verbs = (ResendMessage,)

    def related(self, obj: WebhookMessage) -> Links:
        yield "webhook", obj.endpoint
        yield "account", obj.endpoint.account


@waiting
def unplugged(actor: Actor) -> Iterable[dict[str, Any]]:
    """Webhooks that were disabled because nobody answers; their owners were told."""
    rows = WebhookEndpoint.objects.visible_to(actor).filter(
        state=EndpointState.DISABLED, disabled_because=Unplugged.FAILING
    )
    count = rows.count() if actor.may("tenants.view_webhookendpoint") else 0
    if count:
        address = reverse("admin:tenants_webhookendpoint_changelist")
        query = "state__exact=disabled&disabled_because__exact=failing"
        yield {
            "title": "Webhooks disabled because they do not answer",
            "count": count,
            "url": f"{address}?{query}",
        }
