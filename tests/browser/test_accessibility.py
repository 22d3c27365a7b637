"""axe-core finds nothing serious on the main pages, in light and in dark."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.browser import walks
from tests.browser.conftest import Open, Window
from tests.instance import ROOT, Instance, environment

# One installation for all of them: so they are for one of the parallel processes.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """
const [rules, done] = arguments;
axe.run(document, {runOnly: rules}).then(
  found => done(found.violations.map(v => ({
    id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 4).map(
      n => n.target.join(' ') + ': ' + n.any.map(a => a.message).join('; '))
  }))), error => done([{id: String(error), impact: 'critical', nodes: []}]));
"""
STRANGERS = (
    "/",
    "/plans/",
    "/accounts/login/",
    "/accounts/signup/",
    "/nowhere/",
    "/accounts/password/reset/",
)
CUSTOMERS = (
    "/tenants/",
    "/plans/",
    "/start/",
    "/invoices/",
    "/accounts/2fa/",
    "/accounts/email/",
    "/accounts/password/change/",
)
BILLING = ("", "next/", "usage/", "methods/", "details/", "credit/")
OPERATORS = (
    "/operators/",
    "/operators/tenants/tenant/",
    "/operators/tenants/tenant/1/change/",
    "/operators/billing/plan/1/change/",
    "/operators/billing/clockoffset/add/",
    "/operators/kernel/auditentry/",
    "/operators/agents/agent/add/",
    "/operators/billing/reports/",
    "/operators/billing/reports/recurring/",
    "/operators/billing/reports/ageing/",
)


def serious(window: Window, axe: str, path: str) -> list[str]:
    """What axe-core calls serious or critical on a page."""
    window.open(path)
    window.driver.execute_script(axe)
    found: list[dict[str, Any]] = window.driver.execute_async_script(RUN, RULES)
    return [
        f"{path}: {one['id']} ({one['impact']}): {one['nodes']}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def all_serious(window: Window, axe: str, paths: tuple[str, ...]) -> list[str]:
    return [line for path in paths for line in serious(window, axe, path)]


@pytest.fixture(scope="module")
def operator(instance: Instance) -> tuple[str, str]:
    """E-mail address and password of an operator."""
    email = "axe-operator@paybill.localhost"
    said = subprocess.run(
        [sys.executable, "manage.py", "operator", f"--email={email}"],
        cwd=ROOT, env=environment(instance.local),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return email, said.stdout.split("password: ")[1].split()[0]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_for_strangers(window: Open, axe: str, dark: bool) -> None:
    anyone = window(dark=dark)
    assert all_serious(anyone, axe, STRANGERS) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_for_customers(window: Open, axe: str, dark: bool) -> None:
    kay = window(dark=dark)
    walks.sign_up(kay)
    found = all_serious(kay, axe, CUSTOMERS)
    found += all_serious(kay, axe, ("/plans/team/", "/plans/team/order/"))
    walks.order(kay, "business")
    unpaid = kay.url
    found += all_serious(kay, axe, (unpaid,))
    kay.open("/billing/")
    found += all_serious(kay, axe, tuple(kay.url + page for page in BILLING))
    slug = walks.order(kay)
    progress = kay.url
    walks.await_live(kay, slug)
    tenant = progress.removesuffix("progress/")
    found += all_serious(kay, axe, (progress, tenant, f"{tenant}members/"))
    kay.open(progress).enter(f'main a.button[href*="{slug}"]')
    kay.open(f"{kay.url.split('?')[0].rstrip('/')}/entry/")
    home = kay.url.rstrip("/")
    pages = (
        "/",
        "/orders/",
        "/admin/",
        "/admin/agents/agent/add/",
        "/admin/storefront/product/",
        "/api/docs",  # the control plane's says the same of ten times as much
    )
    found += all_serious(kay, axe, tuple(home + page for page in pages))
    assert found == []
    assert kay.complaints() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_for_operators(
    window: Open, axe: str, dark: bool, operator: tuple[str, str]
) -> None:
    oprah = window(dark=dark)
    oprah.open("/operators/")
    walks.log_in(oprah, *operator)
    found = all_serious(oprah, axe, OPERATORS)
    oprah.open("/operators/tenants/tenant/1/change/")
    oprah.enter('button[name="CHANGE_FORM-action"][value="tenants.suspend_tenant"]')
    assert oprah.find("button[name=confirm]"), oprah.words
    oprah.driver.execute_script(axe)
    asked = oprah.driver.execute_async_script(RUN, RULES)
    found += [str(one) for one in asked if one["impact"] in {"serious", "critical"}]
    assert found == []
    assert oprah.complaints() == []
