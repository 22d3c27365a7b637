"""A meter and an event, so that every address of usage has something."""

from __future__ import annotations

from django.utils import timezone

from billing.actions import CreateMeter, RecordUsage
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.models import Tenant

METER = {
    "code": "calls",
    "name": "Calls",
    "aggregation": "count",
    "unit": "call",
    "units": "calls",
}


def furnish(tenant: Tenant, operator: Actor) -> None:
    """What an operator declares and a collector sends."""
    perform(CreateMeter, None, METER, actor=operator)
    event = {
        "id": "1",
        "source": "test",
        "tenant": tenant.public_id,
        "meter": "calls",
        "at": timezone.now().isoformat(),
    }
    perform(RecordUsage, None, {"events": [event]}, actor=operator)
