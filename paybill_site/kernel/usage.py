"""Usage in a tenant's own plane: counted against its licence in constant time.

One row for each meter and month holds how much was used; no request of a tenant steps
into the control plane. What was used is reported by the outbox with the effect that
used it, each report with an id of its own, so it counts once however often it travels.

The months are those of UTC. They are for limits; what is billed goes by the
subscription's own periods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.utils import timezone

from paybill_site.kernel import limits, planes
from paybill_site.kernel.errors import LimitReached
from paybill_site.kernel.events import Event, emit
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.models import UsageCounter

NOTICES = (100, 80)  # percent
COUNT = """
INSERT INTO kernel_usagecounter AS c (meter, month, used, noticed)
VALUES (%s, %s, %s, 0)
ON CONFLICT (meter, month) DO UPDATE SET used = c.used + excluded.used
RETURNING used
"""
NOTICE = """
UPDATE kernel_usagecounter SET noticed = %s
WHERE meter = %s AND month = %s AND noticed < %s
"""


class _FromTenant(Event):
    """``tenant`` is set where it is read, whatever is said here. In no order."""

    from_tenants = True

    tenant: str = ""

    @property
    def stream(self) -> str:
        return ""


class UsageReported(_FromTenant):
    """Something was used in a tenant's plane. ``properties`` are what meters read."""

    id: str
    meter: str
    at: datetime
    properties: dict[str, str]


class UsageNoticed(_FromTenant):
    """So many percent of a limit are used, for the first time in this month."""

    meter: str
    percent: int
    used: Decimal
    limit: Decimal
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Used:
    """How much was used this month; ``limit`` is None where there is none."""

    meter: str
    used: Decimal
    limit: Decimal | None
    hard: bool
    resets_at: datetime

    @property
    def percent(self) -> int:
        """Whole percent of the limit, rounded down; 0 where there is none."""
        if self.limit is None:
            return 0
        return int(self.used * 100 / self.limit) if self.limit else 100

    @property
    def words(self) -> str:
        name = self.meter.replace("_", " ")
        most = "" if self.limit is None else f" of {plain(self.limit)}"
        again = f"{self.resets_at.day} {self.resets_at:%B %Y}"
        return f"{plain(self.used)}{most} {name} are used; it starts again on {again}"


def use(
    meter: str,
    amount: Decimal | int = 1,
    *,
    properties: Mapping[str, str] | None = None,
) -> Used:
    """Count and report a use, with the effect that uses it. Only inside an action.

    ``properties`` say to meters what they need besides the amount, which is ``amount``.
    Raises LimitReached where a hard limit would be passed; a soft one lets it pass. At
    80 and 100 percent the account is told, once a month.
    """
    now = timezone.now()
    before = _allowed(meter, now)
    with planes.cursor() as cursor:
        cursor.execute(COUNT, [meter, _month(now), Decimal(amount)])
        after = _with(before, cursor.fetchone()[0])
    if after.hard and after.limit is not None and after.used > after.limit:
        had = _with(before, after.used - Decimal(amount))
        raise LimitReached(had.words, rule=f"limit:{meter}")
    emit(
        UsageReported(
            id=new_id("use"),
            meter=meter,
            at=now,
            properties={"amount": str(amount), **(properties or {})},
        )
    )
    _notice(after, now)
    return after


def used(meter: str) -> Used:
    """How much of a meter was used this month, without using any."""
    now = timezone.now()
    rows = UsageCounter.objects.filter(meter=meter, month=_month(now))
    counted = rows.values_list("used", flat=True).first()
    return _with(_allowed(meter, now), counted or Decimal(0))


def plain(number: Decimal) -> str:
    """Without zeros at its end, and never with an exponent."""
    return f"{number.normalize():f}"


def _allowed(meter: str, now: datetime) -> Used:
    """What the licence says of a meter. Raises LimitReached without a licence."""
    terms = limits.terms(planes.here().tenant)
    if terms is None:
        raise LimitReached("this plane has no licence yet", rule="licence")
    said = terms.limits.get(meter)
    # A number alone is a count of rows elsewhere, and hard.
    allowed = said if isinstance(said, dict) else {"limit": said, "hard": True}
    limit = allowed.get("limit")
    most = None if limit is None else Decimal(limit)
    return Used(meter, Decimal(0), most, bool(allowed.get("hard")), _next_month(now))


def _with(allowed: Used, counted: Decimal) -> Used:
    return Used(allowed.meter, counted, allowed.limit, allowed.hard, allowed.resets_at)


def _notice(after: Used, now: datetime) -> None:
    for percent in NOTICES:
        if after.limit is None or after.percent < percent:
            continue
        with planes.cursor() as cursor:
            cursor.execute(NOTICE, [percent, after.meter, _month(now), percent])
            if cursor.rowcount:
                emit(
                    UsageNoticed(
                        meter=after.meter,
                        percent=percent,
                        used=after.used,
                        limit=after.limit,
                        resets_at=after.resets_at,
                    )
                )
        return


def _month(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _next_month(now: datetime) -> datetime:
    first = _month(now)
    year, month = divmod(first.year * 12 + first.month, 12)
    return first.replace(year=year, month=month + 1)
