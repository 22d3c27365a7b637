"""The kernel's own things: audit trail, events, deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import reverse

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin.registry import operators, tenant_admins
from paybill_site.kernel.admin.verbs import VerbAdmin, waiting
from paybill_site.kernel.deliveries import RetryDelivery, SkipDelivery
from paybill_site.kernel.models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    OutboxEvent,
)
from paybill_site.kernel.planes import CONTROL, here


@operators.register(AuditEntry)
@tenant_admins.register(AuditEntry)
class AuditAdmin(VerbAdmin[AuditEntry]):
    """Every decision, newest first."""

    list_display = ("at", "action", "outcome", "target", "actor", "seq")
    list_filter = ("outcome", "action")
    search_fields = ("target", "actor", "public_id", "chain")
    exclude = ("digest",)


class DeliveryInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Delivery
    fields = readonly_fields = ("handler", "state", "attempts", "next_at", "error")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@operators.register(OutboxEvent)
class EventAdmin(VerbAdmin[OutboxEvent]):
    """Facts that went out, and to whom."""

    list_display = ("at", "name", "stream", "actor", "public_id")
    list_filter = ("name",)
    search_fields = ("public_id", "stream", "name")
    inlines = (DeliveryInline,)


@operators.register(Delivery)
class DeliveryAdmin(VerbAdmin[Delivery]):
    """Events on their way; the dead ones wait for a person."""

    list_display = ("public_id", "handler", "state_badge", "attempts", "next_at")
    list_filter = ("state", "handler")
    search_fields = ("public_id", "stream")
    list_select_related = ("event",)
    verbs = (RetryDelivery, SkipDelivery)
    bulk_verbs = (RetryDelivery, SkipDelivery)

    def related(self, obj: Delivery) -> Iterable[tuple[str, models.Model | str | None]]:
        return [("event", obj.event)]


@waiting
def dead_letters(actor: Actor) -> Iterable[dict[str, Any]]:
    """Deliveries that nothing will try again by itself; operators look after them."""
    if here().schema != CONTROL.schema:
        return
    dead = Delivery.objects.visible_to(actor).filter(state=DeliveryState.DEAD).count()
    if dead:
        address = reverse("admin:kernel_delivery_changelist")
        yield {
            "title": "Dead deliveries: retry or skip them",
            "count": dead,
            "url": f"{address}?state__exact=dead",
            "tone": "bad",
        }
