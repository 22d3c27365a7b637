"""What provisioning puts onto the portal's page about a tenant."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from paybill_site.kernel.actors import Actor
from provisioning.models import Removal
from provisioning.removal.states import RemovalState
from tenants.models import Tenant
from tenants.panels import panel


@panel("removals")
def removals(tenant: Tenant, actor: Actor) -> list[dict[str, Any]]:
    """What is taken away of a tenant that was closed, for the account's owner."""
    seen = Removal.objects.visible_to(actor).filter(tenant=tenant)
    return [_told(removal) for removal in seen.select_related("backup")]


def _told(removal: Removal) -> dict[str, Any]:
    over = removal.state == RemovalState.DONE
    backup = removal.backup
    return {
        "state": "done" if over else "running",
        "step": "" if over else RemovalState(removal.state).label,
        "since": removal.done_at or removal.created_at,
        "kept_until": backup.expires_at if backup else None,
        "record": reverse("removal_record", args=[removal.public_id]) if over else "",
    }
