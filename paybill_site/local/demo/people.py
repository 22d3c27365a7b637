"""The people of the story, each at a browser: customers, their agent, the operator."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

from paybill_site.local.demo.browser import Browser, DemoError, Form, Page

PATIENCE = 120.0  # seconds that a customer waits for the infrastructure


def until[T](ask: Callable[[], T | None], what: str, wait: float = PATIENCE) -> T:
    """Ask again and again until there is an answer. Raises DemoError."""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        found = ask()
        if found is not None:
            return found
        time.sleep(0.3)
    raise DemoError(f"waited {wait:.0f} s in vain for {what}")


def expect(page: Page, words: str) -> Page:
    """The page, which must say this."""
    if page.status >= 400 or words not in page.words():
        said = page.words()[-600:]
        raise DemoError(f"{page.url} ({page.status}) does not say “{words}”: {said}")
    return page


def refused(page: Page) -> bool:
    """Whether the administration said no, in a form or in a message."""
    signs = ('class="errorlist', '<li class="error"')
    return page.status >= 400 or any(sign in page.text for sign in signs)


class Customer:
    """Somebody who signs up and opens one tenant."""

    def __init__(
        self, base: str, name: str, plan: str, patience: float = PATIENCE
    ) -> None:
        self.base, self.name, self.plan = base, name, plan
        self.patience = patience
        self.browser = Browser()
        mark = secrets.token_hex(3)
        self.slug = f"{name.lower()}-{mark}"
        self.email = f"{self.slug}@example.com"
        self.tenant = self.home = ""

    def page(self, path: str) -> Page:
        return self.browser.get(urljoin(self.base, path))

    def sign_up(self) -> None:
        page = self.page("/accounts/signup/")
        password = secrets.token_urlsafe(15)
        form = page.form("email", "password1")
        given = {"email": self.email, "password1": password, "password2": password}
        expect(self.browser.submit(page, form, "", **given), "Check your mail")
        confirm = self.browser.get(until(self._mailed_link, "the mail"))
        mine = [f for f in confirm.forms() if "confirm-email" in f.action]
        expect(self.browser.submit(confirm, mine[0]), "You have confirmed")

    def _mailed_link(self) -> str | None:
        listed = self.page("/mail/")
        for link in listed.links():
            if "/mail/2" in link:
                mail = self.browser.get(link)
                if self.email in mail.words():
                    return mail.link("/confirm-email/")
        return None

    def choose_plan(self) -> Page:
        page = self.page("/plans/")
        named = {"plan": self.plan, "name": self.name, "slug": self.slug}
        chosen = self.browser.submit(page, page.form("plan", "slug"), **named)
        if "/order/" in chosen.url:
            chosen = self.say_who_pays(chosen)
        if "/pay/" not in chosen.url and "/progress/" not in chosen.url:
            raise DemoError(f"no plan was taken: {chosen.words()[:400]}")
        return chosen

    def say_who_pays(self, order: Page) -> Page:
        """Tax follows from the country, so it is asked for before the invoice."""
        to = {
            "to-name": f"{self.name} Ltd",
            "to-street": "Hauptstrasse 1",
            "to-postcode": "10115",
            "to-city": "Berlin",
            "to-country": "DE",
        }
        return self.browser.submit(order, order.form("to-country"), **to)

    def pay(self, invoice: Page, card: str = "test_succeeds") -> Page:
        paid = self.browser.submit(invoice, invoice.form("card"), card=card)
        if paid.status >= 400:
            raise DemoError(f"the payment was not taken: {paid.words()[:400]}")
        return paid

    def await_live(self) -> None:
        """Look at the progress page until the tenant is open."""
        listed = self.page("/tenants/")
        self.tenant = listed.link("/tenants/ten_").rstrip("/") + "/"

        def live() -> str | None:
            page = self.browser.get(self.tenant + "progress/")
            opened = [link for link in page.links() if self.slug in link]
            return opened[0] if opened else None

        self.home = until(live, f"{self.name} to be live", self.patience)

    def enter(self) -> Page:
        return expect(self.browser.get(urljoin(self.home, "/entry/?next=/")), "Log out")

    def administer(self, path: str, /, button: str = "", **given: str) -> Page:
        """Fill in and confirm a form of the tenant's administration."""
        page = self.browser.get(urljoin(self.home, f"/admin/{path}"))
        if button:
            page = self.browser.submit(page, page.form(button=button), button)
        form = page.form(button="yes")
        done = self.browser.submit(page, form, "yes", **given)
        if refused(done):
            raise DemoError(f"{path}: {done.words()[-500:]}")
        return done

    def sell_something(self) -> str:
        """A product, a customer and an order; returns the order's public id."""
        self.administer(
            "storefront/product/add/",
            name="Desk lamp",
            sku="LAMP-01",
            price_minor="4900",
            currency="EUR",
            stock="10",
        )
        somebody = {
            "name": "Ada Lindqvist",
            "email": "ada@example.com",
            "line1": "Kungsgatan 4",
            "city": "Uppsala",
            "postcode": "753 21",
            "country": "SE",
        }
        self.administer("storefront/customer/add/", **somebody)
        line = {"variant": self._id_in("product", "var"), "quantity": 2}
        bought = {
            "customer": self._id_in("customer", "cus"),
            "lines": json.dumps([line]),
        }
        self.administer("storefront/order/add/", **bought)
        return self._id_in("order", "ord")

    def _id_in(self, kind: str, prefix: str) -> str:
        listed = self.browser.get(urljoin(self.home, f"/admin/storefront/{kind}/"))
        page = self.browser.get(listed.link(f"/admin/storefront/{kind}/1/"))
        found = re.search(rf"\b{prefix}_[0-9a-z]{{26}}\b", page.text)
        if found is None:
            raise DemoError(f"{page.url} shows no id of a {kind}")
        return found.group()

    def hire_agent(self, grants: dict[str, str], scopes: list[str]) -> str:
        """An agent with these permissions; returns its token, shown this once."""
        self.administer("agents/agent/add/", name="Assistant", purpose="The demo's")
        path = "agents/agent/1/change/"
        for permission, objects in grants.items():
            given = {"permission": permission, "objects": objects}
            self.administer(path, "agents.grant_access", **given)
        asked = {"scopes": "\n".join(scopes), "days": "1"}
        page = self.administer(path, "agents.issue_token", **asked)
        found = re.search(r"pbk_agt_[A-Za-z0-9_-]{20,}", page.text)
        if found is None:
            raise DemoError("the token was not shown")
        return found.group()

    def call_tool(
        self, token: str, tool: str, arguments: dict[str, Any], **body: Any
    ) -> Page:
        address = urljoin(self.home, f"/api/agents/tools/{tool}/calls")
        sent = {"arguments": arguments, **body}
        key = secrets.token_hex(8)
        return Browser().api("POST", address, sent, token=token, key=key)


class Operator:
    """Somebody of the staff, in the operators' administration."""

    def __init__(self, base: str, email: str, password: str) -> None:
        self.base, self.password, self.browser = base, password, Browser()
        page = self.browser.get(urljoin(base, "/accounts/login/?next=/operators/"))
        given = {"login": email, "password": password}
        expect(self.browser.submit(page, page.form("login"), **given), "Waiting")

    def act(self, address: str, verb: str, **given: str) -> Page:
        """Press a verb's button on an object's page and confirm it."""
        page = self.browser.get(urljoin(self.base, address))
        asked = self.browser.submit(page, page.form(button=verb), verb)
        if "reauthenticate" in asked.url:
            self._again(asked)
            page = self.browser.get(urljoin(self.base, address))
            asked = self.browser.submit(page, page.form(button=verb), verb)
        return self._confirm(asked, given)

    def add(self, address: str, **given: str) -> Page:
        return self._confirm(self.browser.get(urljoin(self.base, address)), given)

    def _confirm(self, page: Page, given: dict[str, str]) -> Page:
        form = page.form(button="yes")
        done = self.browser.submit(page, form, "yes", **_known(form, given))
        if refused(done):
            raise DemoError(f"{page.url}: {done.words()[-500:]}")
        return done

    def _again(self, page: Page) -> None:
        self.browser.submit(page, page.form("password"), password=self.password)

    def find(self, kind: str, words: str) -> str:
        """Address of the one object of a kind that this search finds."""
        listed = self.browser.get(urljoin(self.base, f"/operators/{kind}/?q={words}"))
        return listed.link("/change/")


def _known(form: Form, given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name in form.names}
