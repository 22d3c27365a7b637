"""The meters that an embedded installation starts with."""

from __future__ import annotations

from billing.actions.usage import CreateMeter, MeterInput
from billing.models import Meter
from billing.rating.usage import Aggregation
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform

SEEDER = actors.system("seed of meters", "billing.add_meter")

METERS = (
    MeterInput(
        code="api_calls",
        name="API calls",
        aggregation=Aggregation.SUM,
        value_from="amount",
        unit="call",
        units="calls",
    ),
    MeterInput(
        code="storage",
        name="Storage",
        aggregation=Aggregation.WEIGHTED_SUM,
        value_from="amount",
        carried=True,
        unit="gigabyte",
        units="gigabytes",
    ),
)


def seed_meters() -> list[Meter]:
    """Declare what is missing, in the control plane; a second call changes nothing."""
    known = set(Meter.objects.values_list("code", flat=True))
    missing = [meter for meter in METERS if meter.code not in known]
    return [perform(CreateMeter, None, meter, actor=SEEDER).result for meter in missing]
