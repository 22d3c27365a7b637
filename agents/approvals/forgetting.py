"""What a person was shown is forgotten; that they agreed, and to what digest, stays.

An approval lasts a day at most. What it showed holds rows of the product before and
after, so it is kept no longer than the notes of those rows are.
"""

from __future__ import annotations

from datetime import datetime

from agents.approvals.ending import OPEN
from agents.models import Approval
from paybill_site.kernel import planes, retention


@retention.forgetting
def forget(before: datetime, batch: int) -> int:
    """Empty what approvals that ended before a moment had shown; how many of them."""
    over = Approval.objects.filter(expires_at__lt=before).exclude(state__in=OPEN)
    told = over.exclude(shown={}).order_by("pk")
    with planes.atomic():
        chosen = list(told.values_list("pk", flat=True)[:batch])
        return Approval.objects.filter(pk__in=chosen).update(shown={})
