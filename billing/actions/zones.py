"""The verb on an account's time zone: in whose days and months it is billed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from billing import customers
from billing.engine import zones
from billing.models import Subscription
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from tenants.models import Account

# Files of the database of zones that are the machine's own, or no place at all.
NO_PLACES = {"localtime", "Factory"}


@cache
def names() -> list[str]:
    """The names of all zones, as the database of time zones has them."""
    return sorted(available_timezones() - NO_PLACES)


class TimeZone(Input):
    """Where the account counts its days and months."""

    time_zone: str = Field(
        min_length=1, max_length=60, description="such as Europe/Berlin"
    )

    @field_validator("time_zone")
    @classmethod
    def known(cls, name: str) -> str:
        if name not in names():
            raise ValueError("choose a time zone by its name, such as Europe/Berlin")
        return name


class SetTimeZone(Action[Account, TimeZone, dict[str, str]]):
    """Say in which time zone an account's days and months are counted from now on.

    Periods that run end when they were to end, and the next ones begin there. Where
    periods begin at a midnight of the calendar, a part of a period comes between, once.
    The answer says for each subscription from when on the new zone holds.
    """

    model = Account
    Input = TimeZone
    permission = "billing.change_customer"
    danger = Danger.CAREFUL

    def run(self, target: Account, data: TimeZone, *, actor: Actor) -> dict[str, str]:
        customer = customers.of(target)
        account, old = customer.account, customer.zone
        if account.time_zone == data.time_zone:
            return {}
        account.time_zone = target.time_zone = data.time_zone
        account.save(update_fields=["time_zone"])
        moved = zones.change(customer, old)
        return {row.public_id: _holds(row, data.time_zone) for row in moved}

    def present(self, result: dict[str, str]) -> dict[str, Any]:
        return {"holds": result}

    def recall(self, output: Mapping[str, Any]) -> dict[str, str]:
        return dict(output.get("holds", {}))


def _holds(row: Subscription, zone: str) -> str:
    return (
        f"the running period ends at {row.period_end:%Y-%m-%d %H:%M} UTC, as before;"
        f" those after it are counted in {zone}"
    )
