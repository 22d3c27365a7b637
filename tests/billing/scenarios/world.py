"""The world of a scenario: a customer, a catalogue, and a clock that is moved.

Everything is done by the verbs that people use, and the biller lives through every
moment that is passed over. Whatever is invoiced is paid at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing import clock, customers, engine
from billing.actions import (
    CancelSubscription,
    ChangePlan,
    CreatePlan,
    RetirePlan,
    SetAddon,
    SetReckoning,
    Subscribe,
)
from billing.models import Customer, Invoice, InvoiceLine, Plan, Subscription
from billing.rating.usage import Aggregation
from billing.seed import SEEDER
from billing.states import InvoiceState
from billing.tasks import bill
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import atomic
from tenants.models import Account
from tests.billing.desk import a_plan, pay_in_full
from tests.billing.scenarios import wording
from tests.billing.scenarios.catalogues import Catalogue
from tests.billing.scenarios.expecting import Seen, of_lines
from tests.billing.usage.desk import a_meter, an_event, send
from tests.cast import make_tenant

CURRENCY = "USD"
NUMBERS = itertools.count(1)
# When the catalogue was there: before everything that happens.
EARLIER = datetime(2020, 1, 1, tzinfo=UTC)
POLICIES = {"IMMEDIATE": "now", "END_OF_TERM": "period_end"}


class World:
    """What there is, and what can be done."""

    def __init__(
        self, account: Account, operator: Actor, catalogue: Catalogue, begins: datetime
    ) -> None:
        self.account, self.operator, self.catalogue = account, operator, catalogue
        self.now = begins
        self.to_come: list[tuple[datetime, dict[str, str], dict[str, str]]] = []
        self.sold: dict[str, str] = {}
        self.held: list[Subscription] = []
        self.known: set[int] = set()
        self.reckon(None)

    @contextmanager
    def time(self) -> Iterator[None]:
        with clock.at(self.now):
            yield

    def reckon(self, day: int | None) -> None:
        """Days are counted, on the billing day of the account or on their own."""
        with self.time(), atomic():
            customer = customers.of(self.account)
        terms = {
            "counting": "days, the last one exclusive",
            "alignment": "day" if self.catalogue.aligned else "anniversary",
            "billing_day": day if self.catalogue.aligned else None,
            "tax_by": "line",
        }
        with self.time():
            perform(SetReckoning, customer, terms, actor=self.operator)

    @property
    def customer(self) -> Customer:
        return Customer.objects.select_related("account").get(account=self.account)

    # The catalogue.

    def sell(self, plans: dict[str, str], since: datetime, **more: Any) -> None:
        """Put on sale what is new or costs something else than before."""
        for name, words in plans.items():
            if self.sold.get(name) == words:
                continue
            self.sold[name] = words
            with self.time():
                terms = {**self._terms(name, words), "effective_from": since, **more}
                perform(CreatePlan, None, a_plan(name, **terms), actor=SEEDER)

    def _terms(self, name: str, words: str) -> dict[str, Any]:
        catalogue, addon = self.catalogue, name in self.catalogue.addons
        terms = wording.plan(name, words, arrears=catalogue.arrears, addon=addon)
        terms |= {"price": None, "currency": CURRENCY, "features": {}, "limits": {}}
        if addon:
            base = [code for code in catalogue.plans if code not in catalogue.addons]
            shared = "subscription" if name in catalogue.with_base else "own"
            terms |= {"kind": "addon", "beside": base, "phases_from": shared}
        else:
            terms["prices"] += [self._usage(unit) for unit in catalogue.usage]
            terms["refuses"] = self._refused(name)
        return terms

    def _usage(self, unit: str) -> dict[str, Any]:
        card = wording.tiers(self.catalogue.usage[unit], self.catalogue.blocks[unit])
        meter = unit.replace("-", "_")
        return {"code": unit, "kind": "usage", "meter": meter, "card": card}

    def _refused(self, name: str) -> list[str]:
        """The plans that the catalogue's policies do not let it change to."""
        plans = self.catalogue.plans
        return [code for code in plans if self._policy(name, code) == "ILLEGAL"]

    def meters(self) -> None:
        for unit in self.catalogue.usage:
            a_meter(Aggregation.SUM, unit.replace("-", "_"))

    def retire(self, names: set[str]) -> None:
        for name in names:
            self.sold.pop(name)
            for plan in Plan.objects.filter(code=name, state="on_sale"):
                with self.time():
                    perform(RetirePlan, plan, actor=self.operator)

    # Time.

    def move(self, to: datetime) -> None:
        """Live through everything until a moment, and pay what comes of it."""
        for at, _, gone in [entry for entry in self.to_come if entry[0] <= to]:
            self._live(at)
            self.retire(set(gone))
        self.to_come = [entry for entry in self.to_come if entry[0] > to]
        self._live(to)

    def _live(self, to: datetime) -> None:
        while True:
            coming = self.customer.next_at
            if coming is None or coming > to:
                break
            self._bill(max(coming, self.now))
        self._bill(max(to, self.now))

    def _bill(self, at: datetime) -> None:
        self.now = at
        with self.time():
            bill()
            self._pay()

    def _pay(self) -> None:
        for invoice in Invoice.objects.filter(state=InvoiceState.OPEN):
            pay_in_full(invoice, f"bank {next(NUMBERS)}")

    # What people do.

    def subscribe(self, plan: str, starts: datetime | None) -> None:
        name = plan or next(n for n in self.sold if n not in self.catalogue.addons)
        tenant = make_tenant(self.account, f"tenant-{next(NUMBERS)}")
        chosen = {"plan": name, "starts_at": starts.isoformat() if starts else None}
        with self.time():
            row = perform(Subscribe, tenant, chosen, actor=self.operator).result
            self._pay()
        self.held.append(row)

    def add(self, addon: str, at: datetime | None) -> None:
        day = at.isoformat() if at else None
        self._on_last(SetAddon, {"addon": addon, "quantity": 1, "at": day})

    def use(self, number: Decimal, unit: str, day: datetime) -> None:
        self.move(max(self.now, day + timedelta(hours=1)))
        meter = (unit or next(iter(self.catalogue.usage))).replace("-", "_")
        used = {"at": day.isoformat(), "properties": {"n": str(number)}}
        with self.time():
            batch = send(an_event(self.held[-1].tenant, meter, **used))
        assert batch.accepted == 1, batch.answers

    def cancel(self) -> None:
        policy = self.catalogue.cancelled.get("base", "END_OF_TERM")
        chosen = {"when": POLICIES[policy], "refund": policy == "IMMEDIATE"}
        self._on_last(CancelSubscription, chosen)

    def cancel_addon(self) -> None:
        [addon] = self.catalogue.addons
        policy = self.catalogue.cancelled.get("addon", "IMMEDIATE")
        chosen = {"addon": addon, "quantity": 0, "when": POLICIES[policy]}
        self._on_last(SetAddon, chosen)

    def change(self, plan: str) -> None:
        row = self.held[-1]
        row.refresh_from_db()
        present = "TRIAL" if row.state == "trialing" else row.plan.code
        policy = self._policy(present, plan)
        chosen = {"plan": plan, "when": POLICIES.get(policy, "now")}
        self._on_last(ChangePlan, chosen)

    def _policy(self, present: str, wanted: str) -> str:
        for old, new, policy in self.catalogue.changed:
            if present.startswith(old) and wanted.startswith(new):
                return policy
        return "END_OF_TERM"

    def _on_last(self, action: Any, chosen: dict[str, Any]) -> None:
        with self.time():
            perform(action, self.held[-1], chosen, actor=self.operator)
            self._pay()

    # What there is to see.

    def invoiced(self) -> Seen | None:
        """What was invoiced since the last look: the latest of it."""
        rows = Invoice.objects.exclude(pk__in=self.known).exclude(state="void")
        fresh = list(rows.order_by("pk"))
        self.known |= {invoice.pk for invoice in fresh}
        if not fresh:
            return None
        lines = InvoiceLine.objects.filter(invoice=fresh[-1])
        return of_lines(list(lines), CURRENCY)

    def dry_run(self, day: datetime) -> Seen | None:
        """The invoice of that day, if all before it was billed; of days near it."""
        with self.time():
            drafts = engine.on(self.customer, day)
        lines = [line for draft in drafts for line in draft.lines]
        near = [line for line in lines if line.period.start <= day <= line.period.end]
        return of_lines(near, CURRENCY)
