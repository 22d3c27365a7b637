"""What tenants' planes report: recorded as usage, and told where a limit is near."""

from __future__ import annotations

from billing import mails
from billing.actions.usage import NoticeUsage, RecordUsage
from billing.events import UsageLimitNear
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import Where, handles
from paybill_site.kernel.usage import UsageNoticed, UsageReported

SOURCE = "tenant"  # what a tenant's plane reports has this as its source
REPORTER = actors.system(
    "usage of tenants",
    "tenants.view_tenant",
    "billing.record_usage",
    "billing.notice_usage",
)


@handles(UsageReported, where=Where.CONTROL, in_tenants=True)
def record_reported(event: UsageReported, delivery_id: str) -> None:
    """Record what a tenant's plane reports; again is a duplicate.

    Raises Unfit where it does not fit: then a meter is missing, and once an operator
    made it the delivery is retried. Nothing that was used gets lost.
    """
    sent = {
        "id": event.id,
        "source": SOURCE,
        "tenant": event.tenant,
        "meter": event.meter,
        "at": event.at.isoformat(),
        "properties": event.properties,
    }
    perform(RecordUsage, None, {"events": [sent]}, actor=REPORTER)


@handles(UsageNoticed, where=Where.CONTROL, in_tenants=True)
def note_limit(event: UsageNoticed, delivery_id: str) -> None:
    """Write down once that a limit is near, for mails and webhooks to follow."""
    said = event.model_dump(mode="json", exclude={"tenant"})
    perform(NoticeUsage, event.tenant, said, actor=REPORTER, key=delivery_id)


@handles(UsageLimitNear)
def mail_limit(event: UsageLimitNear, delivery_id: str) -> None:
    mails.of_limit(event, delivery_id)
