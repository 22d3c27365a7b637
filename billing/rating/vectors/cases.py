"""Cases in the published form: who answers them, and whether the answer is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from billing.rating import money
from billing.rating.vectors import amounts, calendar, prices, reading
from billing.rating.vectors.reading import Answer, Given

# How what is written is read, by what the answer is.
TIMES: dict[type[Any], Callable[[str], Any]] = {
    timedelta: reading.length,
    datetime: datetime.fromisoformat,
    date: reading.day,
}
# No source gives more digits than these from arithmetic that is exact.
MOST_PLACES = 12


class UnknownModel(LookupError):
    """No function answers this kind of case."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is given, what is expected, and who published it."""

    source: str
    kind: str
    given: Given
    expected: Mapping[str, Any]

    @property
    def model(self) -> str:
        return str(self.given.get("model", "-"))


@dataclass(slots=True)
class Tally:
    """How many cases of a kind and model passed, and what each that failed said."""

    kind: str
    model: str
    passed: int = 0
    failed: list[str] = field(default_factory=list)


type Answers = Mapping[tuple[str, str], Callable[[Given], Answer]]

ANSWERS: Answers = {
    ("billing_periods", "whole_periods_between"): calendar.whole_periods,
    ("catalog_version", "-"): calendar.Catalogue,
    ("commitment", "minimum_commitment_true_up"): prices.true_up_of,
    ("credit_cap", "cap_credit"): amounts.capped_credit,
    ("credit_note", "credit_unused_days"): amounts.unused_days,
    ("credit_note", "partial_credit"): amounts.partial_credit,
    ("currency_exponent", "-"): amounts.exponent,
    ("discount", "percent_off"): amounts.percent_off,
    ("discount", "amount_off"): amounts.amount_off,
    (
        "discount",
        "fixed_discount_split_pro_rata_by_line",
    ): amounts.split_over_lines,
    ("dunning", "retry_intervals_days"): calendar.retry_dates,
    ("graduated", "graduated"): prices.graduated,
    ("graduated", "graduated_by_package"): prices.graduated_by_package,
    ("invoice_total", "-"): amounts.invoice_total,
    ("month_end", "align_to_bill_cycle_day"): calendar.aligned,
    ("month_end", "next_date_on_bill_cycle_day"): calendar.next_on_day,
    ("month_end", "anchor_next_billing_date"): calendar.next_billing,
    ("month_end", "add_iso8601_duration_clamped"): calendar.after_duration,
    ("month_end", "period_containing"): calendar.containing,
    ("month_end", "anchor_series"): calendar.series,
    ("next_billing_date", "advance_n_periods"): calendar.advanced,
    ("next_billing_date", "recede_n_periods"): calendar.receded,
    ("package", "package"): prices.package,
    ("per_unit", "per_unit"): prices.per_unit,
    ("proration", "killbill_in_advance_cycles"): calendar.cycles_in_advance,
    ("proration", "killbill_day_proration_amount"): amounts.by_days,
    ("proration", "killbill_proration_trailing"): calendar.trailing,
    ("proration", "killbill_proration_leading"): calendar.leading,
    ("proration", "calendar_days_between"): calendar.calendar_days,
    ("proration", "lago_subscription_fee"): amounts.by_days_inclusive,
    ("proration", "time_based_credit_debit"): amounts.by_seconds,
    ("proration", "second_based_credit_debit"): amounts.by_fraction,
    ("rounding", "currency_round_half_up"): amounts.rounded,
    ("rounding", "round_each_line_then_sum"): amounts.subtotal,
    ("rounding", "integer_minor_units_half_away_from_zero"): amounts.rounded_minor,
    ("stairstep", "stairstep"): prices.stairstep,
    ("tax", "exclusive_percent"): amounts.tax_exclusive,
    ("tax", "fixed"): amounts.tax_fixed,
    ("tax", "sum_of_rounded_taxes"): amounts.tax_sum,
    ("timezone", "bill_cycle_day_from_instant"): calendar.billing_day,
    ("usage_delta", "cumulative_snapshots_delta"): prices.runs,
    ("volume", "volume"): prices.volume,
}
# Reasons in the words of whoever published them: one has to be there, in our own words.
PROSE = frozenset({"why"})
# No rating: signatures and deliveries are the kernel's.
ELSEWHERE = {"licence_signature", "webhook_retry", "webhook_signature"}


def read(path: Path) -> list[Case]:
    """All cases of a file. Raises ValueError and KeyError where it is no such file."""
    return [
        Case(each["source"], each["kind"], each["input"], each["expected"])
        for each in json.loads(path.read_text(), parse_float=Decimal)
    ]


def answer(case: Case, answers: Answers = ANSWERS) -> Answer:
    """What the engine says. Raises UnknownModel."""
    known = answers.get((case.kind, case.model))
    if known is None:
        raise UnknownModel(f"nothing answers {case.kind} by {case.model}")
    return known(case.given)


def wrong(case: Case, answers: Answers = ANSWERS) -> list[str]:
    """What the engine says otherwise than expected; nothing where all is right."""
    said = answer(case, answers)
    found = []
    for name, expected in case.expected.items():
        if name in PROSE and _value(said, name):
            continue
        got = _limited(_value(said, name), expected)
        if not same(expected, got):
            found.append(f"{name}: {got} and not {expected}")
    return found


def tally(cases: Iterable[Case], answers: Answers = ANSWERS) -> list[Tally]:
    """Passed and failed by kind and model; a model that nobody answers fails.

    Whatever an answer raises is a failure of that case, and said.
    """
    tallies: dict[tuple[str, str], Tally] = {}
    for case in sorted(cases, key=lambda case: (case.kind, case.model)):
        key = (case.kind, case.model)
        mine = tallies.setdefault(key, Tally(*key))
        try:
            found = wrong(case, answers)
        except Exception as error:  # noqa: BLE001 - a case that breaks it is one that failed
            found = [f"{type(error).__name__}: {error}"]
        if found:
            mine.failed.append(f"{case.source}: {', '.join(found)}")
        else:
            mine.passed += 1
    return list(tallies.values())


def same(expected: Any, got: Any) -> bool:
    """Whether an answer is what is written, to as many digits as are written."""
    if isinstance(expected, Mapping):
        return isinstance(got, Mapping) and all(
            same(value, got.get(name)) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    if type(got) in TIMES:
        return bool(TIMES[type(got)](str(expected)) == got)
    if isinstance(got, (int, Decimal, Fraction)) and not isinstance(got, bool):
        return _equal(Decimal(str(expected)), got)
    return bool(expected == got)


def _equal(expected: Decimal, got: Decimal | Fraction | int) -> bool:
    exponent = expected.as_tuple().exponent
    places = min(max(0, -int(exponent)), MOST_PLACES)
    if Fraction(got) == Fraction(expected):
        return True
    endless = isinstance(got, Fraction) and got.denominator not in {1, 10, 100}
    return endless and money.at_places(got, places) == money.at_places(expected, places)


def _value(said: Answer, name: str) -> Any:
    try:
        return said[name]
    except KeyError:
        return None


def _limited(got: Any, expected: Any) -> Any:
    """As many of an endless row as are written."""
    if isinstance(got, Iterable) and isinstance(expected, list):
        return list(islice(got, len(expected))) if not isinstance(got, list) else got
    return got
