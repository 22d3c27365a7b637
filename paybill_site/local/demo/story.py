"""The story: three kinds of isolation on this machine, one tenant on AWS, and an end.

Everything a person or a program does goes over HTTP to a running instance. It ends
with the audit trail verified.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urljoin

from paybill_site.local.demo.browser import Browser, DemoError, Page
from paybill_site.local.demo.people import Customer, Operator, expect, until

CAST = (("Pia", "free"), ("Bo", "team"), ("Sila", "business"))
FAR = ("Wanda", "business-aws")  # AWS takes a minute and a half, simulated or not
FAR_PATIENCE = 600.0  # seconds
PERIOD, LATE = "32", "18"  # days: a month and a bit; 7 to pay, 10 of patience, and one
READ, CANCEL = "storefront.view_order", "storefront.cancel_order"


@dataclass(frozen=True, slots=True)
class Step:
    who: str
    what: str
    seconds: float


@dataclass(slots=True)
class Story:
    """Tells the steps one by one and keeps how long each took."""

    base: str
    operator: Operator
    say: Callable[[str], None]
    steps: list[Step] = field(default_factory=list)

    def step[T](self, who: str, what: str, act: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = act()
        took = time.perf_counter() - start
        self.steps.append(Step(who, what, took))
        self.say(f"{took:7.2f} s  {who:9} {what}")
        return result

    def tell(self, *, with_terraform: bool, without_aws: str = "") -> None:
        """Live through all of it. Raises DemoError where it goes wrong.

        ``without_aws``: why nobody can be on AWS here; else somebody orders first and
        is live after the others, who live while AWS takes its time.
        """
        far = Customer(self.base, *FAR, FAR_PATIENCE)
        if without_aws:
            self.say(f"           Without AWS: {without_aws}")
        else:
            self.order(far)
        cast = CAST if with_terraform else CAST[:1]
        customers = [Customer(self.base, name, plan) for name, plan in cast]
        for customer in customers:
            self.onboard(customer)
            self.trade(customer)
        if not without_aws:
            self.arrive(far)
            self.trade(far)
            customers.append(far)
        if with_terraform:
            self.step("operator", "moves the clock a month", lambda: self.wait(PERIOD))
            for one in customers[2:]:
                self.step(one.name, "pays what became due", partial(settle, one))
            self.go_without_paying(customers[1])
        self.close(customers[0])

    def onboard(self, one: Customer) -> None:
        self.order(one)
        self.arrive(one)

    def order(self, one: Customer) -> None:
        self.step(one.name, "signs up and confirms the mail", one.sign_up)
        page = self.step(one.name, f"takes the plan {one.plan}", one.choose_plan)
        if one.plan == "team":
            self.step("operator", "marks the transfer as paid", lambda: self.book(page))
        elif "/pay/" in page.url:
            self.step(one.name, "pays with a test card", lambda: one.pay(page))

    def arrive(self, one: Customer) -> None:
        self.step(one.name, "waits until the tenant is live", one.await_live)
        self.step(one.name, "opens the tenant", one.enter)

    def book(self, invoice: Page) -> None:
        """The manual gateway: money came in by bank transfer."""
        public_id = invoice.url.rstrip("/").split("/")[-1].split("?")[0]
        address = self.operator.find("billing/invoice", public_id)
        transfer = {"reference": public_id}  # of all that is open
        self.operator.act(address, "billing.mark_invoice_paid", **transfer)

    def trade(self, one: Customer) -> None:
        order = self.step(one.name, "writes products and an order", one.sell_something)
        token = self.step(
            one.name,
            "hires an agent for one order",
            lambda: one.hire_agent({READ: order, CANCEL: order}, [READ, CANCEL]),
        )
        self.step("agent", "reads the order: allowed", lambda: read(one, token, order))
        self.step("agent", "lists customers: denied", lambda: denied(one, token))
        self.step("agent", "rehearses a cancel", lambda: rehearse(one, token, order))

    def go_without_paying(self, one: Customer) -> None:
        def lose() -> None:
            self.wait(LATE)
            until(lambda: suspended(one), f"{one.name} to be suspended")

        def restore() -> None:
            settle(one)
            until(lambda: is_open(one) or None, f"{one.name} to be restored")

        self.step(one.name, "does not pay: suspended", lose)
        self.step(one.name, "pays: restored", restore)

    def wait(self, days: str) -> None:
        """Move billing's clock, as an operator can in the embedded mode."""
        self.operator.add("/operators/billing/clockoffset/add/", days=days)

    def close(self, one: Customer) -> None:
        def leave() -> None:
            public_id = one.tenant.rstrip("/").split("/")[-1]
            address = self.operator.find("tenants/tenant", public_id)
            given = {"because": "demo", "typed_name": one.name}
            self.operator.act(address, "tenants.close_tenant", **given)
            until(lambda: None if is_open(one) else True, f"{one.name} to be closed")

        self.step("operator", f"closes {one.name}'s tenant", leave)


def read(one: Customer, token: str, order: str) -> None:
    answer = one.call_tool(token, "get_order", {"id": order})
    if answer.status != 200:
        raise DemoError(f"the agent could not read its order: {answer.text[:400]}")


def denied(one: Customer, token: str) -> None:
    answer = one.call_tool(token, "list_customers", {})
    if answer.status not in {403, 404} or "detail" not in answer.json():
        raise DemoError(
            f"the agent was not denied: {answer.status} {answer.text[:400]}"
        )


def rehearse(one: Customer, token: str, order: str) -> None:
    arguments = {"id": order, "reason": "no_longer_needed"}
    answer = one.call_tool(token, "cancel_order", arguments, dry_run=True)
    if answer.status != 200 or not answer.json()["dry_run"]:
        raise DemoError(f"the dry run failed: {answer.status} {answer.text[:400]}")
    shown = one.browser.get(urljoin(one.home, "/admin/storefront/order/1/change/"))
    expect(shown, "Pending")


def settle(one: Customer) -> None:
    """Pay the invoice that is open, as soon as there is one."""

    def due() -> Page | None:
        listed = one.page("/invoices/")
        for link in [link for link in listed.links() if "/invoices/inv_" in link]:
            page = one.browser.get(link)
            for pay in [other for other in page.links() if "/pay/" in other]:
                return one.browser.get(pay)
        return None

    one.pay(until(due, f"an invoice of {one.name}"))


def is_open(one: Customer) -> bool:
    return Browser().get(urljoin(one.home, "/")).status == 200


def suspended(one: Customer) -> bool | None:
    page = Browser().get(urljoin(one.home, "/"))
    return True if "suspended" in page.words().lower() else None
