"""Lets raw events go by whole months, once they are billed and long over.

What makes an event unique stays for ever, and so do the roll-ups: a month without raw
events is still counted by the hour. A month stays while any of its usage may still be
billed, whatever its age.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from paybill_site.kernel import planes

# Longer than a year: what a yearly invoice says can be looked at for a while.
KEPT = timedelta(days=400)
MONTHS = """
SELECT to_timestamp(right(c.relname, 6), 'YYYYMM') AS month FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'billing_usageevent'::regclass ORDER BY 1
"""
# Usage is billed up to ``billed_to`` of its item, or to where the item ended.
UNBILLED = """
SELECT EXISTS (SELECT 1 FROM billing_subscriptionitem i
  JOIN billing_price p ON p.id = i.price_id AND p.kind = 'usage'
  JOIN billing_meter m ON m.code = p.meter
  JOIN billing_subscription s ON s.id = i.subscription_id
  JOIN billing_usagebucket b ON b.tenant_id = s.tenant_id AND b.meter_id = m.id
    AND b.width = 'day' AND b.start >= %s AND b.start < %s
  WHERE b.start >= i.billed_to AND (i."end" IS NULL OR b.start < i."end"))
"""
FORGET = "SELECT billing_usage_forget(%s)"
AHEAD = "SELECT billing_usage_month(m) FROM unnest(%s::timestamptz[]) AS m"


def forget(kept: timedelta = KEPT) -> list[datetime]:
    """Drop the months that are over, billed and older than ``kept``; return them."""
    dropped = []
    for month in months():
        following = (month + timedelta(days=32)).replace(day=1)
        if following > timezone.now() - kept:
            break
        with planes.atomic(), planes.cursor() as cursor:
            cursor.execute(UNBILLED, [month, following])
            if cursor.fetchone()[0]:
                continue
            cursor.execute(FORGET, [month])
            if cursor.fetchone()[0]:
                dropped.append(month)
    return dropped


def months() -> list[datetime]:
    """Months whose raw events are kept, the oldest first."""
    with planes.cursor() as cursor:
        cursor.execute(MONTHS)
        return [month for (month,) in cursor.fetchall()]


def prepare(now: datetime) -> None:
    """Make this month's and the next one's partition, so that no sender has to."""
    with planes.atomic(), planes.cursor() as cursor:
        cursor.execute(AHEAD, [[now, now + timedelta(days=28)]])
