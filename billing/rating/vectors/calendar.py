"""Answers about days, periods and anchors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count, islice
from typing import Any

from billing.rating import (
    anchors,
    cycles,
    dates,
    durations,
    money,
    periods,
    proration,
    retries,
    schedule,
    totals,
    versions,
)
from billing.rating.anchors import Anchor
from billing.rating.periods import Period
from billing.rating.phases import Kind, Phase
from billing.rating.proration import Counting
from billing.rating.schedule import Terms
from billing.rating.vectors import reading
from billing.rating.vectors.reading import (
    Answer,
    Given,
    Plain,
    day,
    midnight,
    moment,
)

# The price of a cycle, in the smallest part of one that is kept of a share.
BILLION = 1_000_000_000


def whole_periods(given: Given) -> Answer:
    start, end = (midnight(given[n]) for n in ("start_date", "end_date"))
    return {"count": periods.index_at(start, reading.every(given), end)}


def advanced(given: Given) -> Answer:
    start, every = midnight(given["date"]), reading.every(given)
    return {"date": periods.boundary(start, every, int(given["n"])).date()}


def receded(given: Given) -> Answer:
    start, every = midnight(given["date"]), reading.every(given)
    found = periods.boundary(start, every, int(given["n"]), back=True)
    return {"date": found.date()}


def aligned(given: Given) -> Answer:
    here, on = day(given["date"]), int(given["bill_cycle_day"])
    return {"date": anchors.aligned(here, on, reading.maybe_every(given))}


def next_on_day(given: Given) -> Answer:
    previous = reading.maybe_day(given.get("previous_date"))
    here, on = day(given["date"]), int(given["bill_cycle_day"])
    return {"date": anchors.next_on_day(here, on, reading.maybe_every(given), previous)}


def next_billing(given: Given) -> Answer:
    due = anchors.period_end(
        moment(given["current_period_start"]),
        moment(given["billing_anchor"]),
        reading.every(given),
        reading.zone(given),
        reading.maybe_moment(given.get("subscription_end")),
    )
    return {"next_billing_date": due}


def after_duration(given: Given) -> Answer:
    return {"date": durations.after(moment(given["start"]), given["duration"])}


def containing(given: Given) -> Answer:
    anchor, at = moment(given["anchor"]), moment(given["at"])
    found = periods.containing(anchor, reading.every(given), at, reading.zone(given))
    return {"from": found.start, "to": found.end}


def series(given: Given) -> Answer:
    anchor, every = midnight(given["anchor"]), reading.every(given)
    each = (periods.boundary(anchor, every, n).date() for n in count(1))
    return {"dates": list(islice(each, int(given["count"])))}


def billing_day(given: Given) -> Answer:
    local = dates.local(moment(given["instant"]), reading.zone(given))
    return {"bill_cycle_day": local.day}


def calendar_days(given: Given) -> Answer:
    start, end = moment(given["start"]), moment(given["end"])
    return {"days": dates.days_between(start, end, reading.zone(given))}


def cycles_in_advance(given: Given) -> Answer:
    start, every = day(given["start_date"]), reading.every(given)
    end, on = reading.maybe_day(given.get("end_date")), int(given["bill_cycle_day"])
    first = _midnight(anchors.first(start, on, every))
    terms = Terms(
        every=every,
        anchor=Anchor(first, on if every.monthly else None),
        zone=UTC,
        counting=Counting.DAYS,
        phases=(Phase(Kind.EVERGREEN),),
        phased_from=_midnight(start),
        start=_midnight(start),
        end=None if end is None else _midnight(end),
    )
    try:
        due = schedule.from_start(terms, midnight(given["target_date"]))
    except schedule.Backwards:
        return {"error": "InvalidDateSequence"}
    lines = (Plain(piece.share.of(BILLION)) for piece in due)
    billed = totals.below(lines).subtotal
    return {"number_of_billing_cycles": money.of_digits(billed, cycles.PLACES)}


def leading(given: Given) -> Answer:
    start, end = (midnight(given[n]) for n in ("start_date", "period_end"))
    whole = periods.containing(end, reading.every(given), start)
    return _factor(whole, Period(start, whole.end))


def trailing(given: Given) -> Answer:
    start, end = (midnight(given[n]) for n in ("period_start", "end_date"))
    return _factor(periods.period(start, reading.every(given), 0), Period(start, end))


def _factor(whole: Period, part: Period) -> Answer:
    return {"factor": proration.part(Counting.DAYS, whole, part, UTC).fraction}


def retry_dates(given: Given) -> Answer:
    intervals = [int(days) for days in given["intervals"]]
    return {"retry_on": retries.dates(day(given["failed_on"]), intervals)}


class Catalogue(dict[str, Any]):
    """Answers as they are asked for: ``new_subscription_2021_02_01`` names its day."""

    def __init__(self, given: Given) -> None:
        self.versions = [_version(version) for version in given["versions"]]
        self.start = day(given["subscription_start"])
        self.every = reading.every(given)
        super().__init__(invoices=self._invoices())

    def __missing__(self, name: str) -> Any:
        on = day(name.removeprefix("new_subscription_").replace("_", "-"))
        try:
            return versions.sold(self.versions, on).price
        except versions.NotSold:
            return "rejected"

    def _invoices(self) -> Iterator[list[Any]]:
        for n in count():
            period = periods.period(_midnight(self.start), self.every, n)
            start, end = period.start.date(), period.end.date()
            try:
                bought = versions.sold(self.versions, self.start)
            except versions.NotSold:
                return
            held = versions.succeeding(bought, self.versions, start)
            yield [start, end, held.price]


def _version(said: Given) -> versions.Version:
    existing = [said[name] for name in said if "existing" in name]
    price = said.get("price")
    return versions.Version(
        effective=day(said["effective"]),
        price=None if price is None else reading.number(price),
        effective_for_existing=reading.maybe_day(existing[0] if existing else None),
    )


def _midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=UTC)
