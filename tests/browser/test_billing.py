"""From an order to an invoice that is paid, and a change of seats, by keyboard."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import walks
from tests.browser.conftest import Open, Window

# One installation for all of them: so they are for one of the parallel processes.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def pay_by_card(window: Window) -> None:
    """The sandbox's card that succeeds."""
    window.until(lambda: window.find("input[name=card]"), "the cards")
    window.tab_to("input[name=card]")
    window.press(Keys.SPACE)
    assert window.find("input[value=test_succeeds]:checked")
    window.enter("main button[type=submit]")


def test_order_pay_and_change_without_a_script(window: Open) -> None:
    """Nothing of it needs JavaScript, and nothing the policy of content refuses."""
    kay = window(javascript=False, dark=True)
    walks.sign_up(kay)

    kay.open("/plans/team/").type("input[name=seats]", "10")
    kay.enter("main form button[type=submit]")
    assert "\u20ac45.00" in kay.words  # five beyond those that come with the plan
    kay.open("/plans/")
    walks.order(kay, "team")
    assert "/pay/" in kay.url
    assert "\u20ac58.31" in kay.words  # 49.00 and 19% of it
    pay_by_card(kay)

    kay.open("/billing/")
    kay.until(lambda: "Paid" in kay.open("/billing/").words, "the payment")
    kay.enter('main a[href*="/subscriptions/sub_"]')
    kay.type("input[name=seats-seats]", "12")
    kay.enter("input[name=what][value=seats] ~ .actions button")
    assert "What the change brings" in kay.words
    kay.enter("main form button[type=submit]")
    assert "/pay/" in kay.url
    pay_by_card(kay)

    kay.open("/billing/")
    kay.enter('main a[href*="/invoices/inv_"]')
    assert "Why this amount" in kay.words
    assert kay.find('main a[href$=".pdf"]')
    assert kay.complaints() == []
