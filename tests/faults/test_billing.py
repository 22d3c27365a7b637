"""Kill -9 in the middle of a billing run: nothing billed twice, no number missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from random import Random

import pytest
from django.conf import settings
from django.db import connection

from billing import clock
from billing.models import Invoice, InvoiceLine, Subscription, SubscriptionItem
from billing.rating.anchors import Alignment
from billing.rating.proration import Counting
from paybill_site.kernel.planes import CONTROL, plane
from paybill_site.kernel.verifying import verify
from tests.billing.desk import sell
from tests.billing.engine import worlds
from tests.faults.biller import POINTS
from tests.faults.payments import DATABASE

pytestmark = pytest.mark.slow
CUSTOMERS = 5


def process(moment: datetime, point: str = "") -> int:
    """Let a biller run, and be killed at a point; how it ended."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        DATABASE: str(connection.settings_dict["NAME"]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.biller", moment.isoformat(), point],
        check=False,
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=env,
        timeout=240,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr[-3000:]
    return done.returncode


def test_a_biller_that_is_killed_anywhere_bills_everybody_once(committed: None) -> None:
    with plane(CONTROL):
        with clock.at(worlds.START):
            sell("steady", 4900)
            rows = [_subscribed() for _ in range(CUSTOMERS)]
        moment = max(row.period_end for row in rows)
        started = Invoice.objects.count()
        for point in POINTS:
            assert process(moment, point) == -signal.SIGKILL, point
        committed_once = Invoice.objects.count() - started
        assert committed_once == CUSTOMERS  # by the last point, in one transaction
        assert process(moment) == 0
        renewed = InvoiceLine.objects.filter(invoice__kind="renewal")
        assert renewed.count() == CUSTOMERS
        assert renewed.values("subscription").distinct().count() == CUSTOMERS
        numbers = [row.sequence for row in Invoice.objects.order_by("sequence")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert not SubscriptionItem.objects.filter(billed_to__lte=moment).exists()
        assert verify().findings == ()


def _subscribed() -> Subscription:
    customer = worlds.a_customer(Random(1))  # noqa: S311 - the same each time
    customer.counting, customer.alignment = Counting.SECONDS, Alignment.ANNIVERSARY
    customer.billing_day = None
    customer.save()
    return worlds.subscribe(customer, "steady", {})
