"""Writing the catalogue as a file, and plans as the values that stand in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import yaml
from pydantic import BaseModel

from billing.catalogue.document import FORMAT
from billing.catalogue.terms import PlanInput, PriceInput
from billing.models import Plan, Price
from billing.rating import money
from billing.rating.cards import RateCard
from billing.rating.prices import Flat
from billing.states import PlanState, PriceKind, Timing

HEAD = "# The catalogue of Paybill. Numbers with a point are quoted: they are exact.\n"
LATER = {PlanState.SCHEDULED, PlanState.ON_SALE}


def present() -> dict[str, Plan]:
    """The newest version of each plan that is sold, or waits for its day, by code."""
    rows = Plan.objects.filter(state__in=LATER).order_by("version")
    return {plan.code: plan for plan in rows.prefetch_related("prices")}


def written() -> str:
    """The catalogue as it is, as a file."""
    plans = sorted(
        present().values(), key=lambda plan: (plan.kind, plan.price, plan.code)
    )
    content = {"format": FORMAT, "plans": [plain(terms_of(plan)) for plan in plans]}
    return HEAD + _yaml(content)


def written_plan(plan: Plan) -> str:
    """One plan alone, as it stands in the file."""
    return _yaml(plain(terms_of(plan)))


def _yaml(values: Any) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=88)


def terms_of(plan: Plan) -> PlanInput:
    """A row of the catalogue as it was written down."""
    names = PlanInput.model_fields.keys() - {"price", "prices"}
    said = {name: getattr(plan, name) for name in names}
    prices = list(plan.prices.all())
    short = [price for price in prices if _short(price, plan)] if _one(prices) else []
    if short:
        said["price"] = plan.price
    said["prices"] = [_price(price, plan) for price in prices if price not in short]
    if said["isolations"] == [plan.isolation]:
        del said["isolations"]
    if said["sizes"] == [plan.size]:
        del said["sizes"]
    return PlanInput.model_validate(said)


def _one(prices: Sequence[Price]) -> bool:
    """Whether the base fee is in one currency, which the short form says."""
    return sum(price.code == "base" for price in prices) == 1


def _short(price: Price, plan: Plan) -> bool:
    fee = RateCard(Flat(money.to_major(plan.price, plan.currency)))
    return (
        (price.code, price.name, price.kind) == ("base", plan.name, PriceKind.FEE)
        and (price.currency, price.timing) == (plan.currency, Timing.ADVANCE)
        and price.every == plan.every
        and not price.phases
        and price.rate_card == fee
        and (price.tax_class, price.tax_included) == ("standard", False)
    )


def _price(price: Price, plan: Plan) -> PriceInput:
    said: dict[str, Any] = {
        "code": price.code,
        "name": price.name,
        "kind": price.kind,
        "currency": price.currency if price.currency != plan.currency else "",
        "timing": price.timing,
        "meter": price.meter or None,
        "tax_class": price.tax_class,
        "tax_included": price.tax_included,
    }
    if price.every != plan.every:
        said |= {"interval": price.interval, "interval_count": price.interval_count}
    if price.phases:
        said["phases"] = list(price.phased)
    else:
        said["card"] = price.rate_card
    return PriceInput.model_validate(said)


def plain(value: Any) -> Any:
    """Values as a file has them: without what is as if it were not said."""
    if isinstance(value, BaseModel):
        said = {name: getattr(value, name) for name in type(value).model_fields}
        model = type(value).model_fields
        return {
            name: plain(each)
            for name, each in said.items()
            if model[name].is_required()
            or each != model[name].get_default(call_default_factory=True)
        }
    if is_dataclass(value):
        return {
            item.name: plain(getattr(value, item.name))
            for item in fields(value)
            if item.name == "model"
            or item.default is MISSING
            or getattr(value, item.name) != item.default
        }
    return _simple(value)


def _simple(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return money.plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
