"""Ways through the product that several browser tests take."""

from __future__ import annotations

import re
import secrets

from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import Window

ADDRESS = re.compile(r'href="(/mail/2[^"]*)"')
PASSWORD = "correct horse battery staple"


def sign_up(window: Window) -> str:
    """From the landing page to a confirmed account, by keyboard; the address."""
    email = f"kay-{secrets.token_hex(3)}@example.com"
    window.open("/").enter('a[href^="/accounts/signup/"]')
    window.type("#id_email", email)
    window.type("#id_password1", PASSWORD)
    window.type("#id_password2", PASSWORD)
    window.enter("main button[type=submit]")
    assert "Check your mail" in window.words
    window.enter('a[href="/mail/"]')
    window.until(lambda: email in window.open("/mail/").words, "the mail")
    # Another mail may have come since: the one to this address.
    rows = window.find("main li.row")
    row = next(row.get_attribute("outerHTML") for row in rows if email in row.text)
    window.enter(f'main a[href="{ADDRESS.findall(row or "")[0]}"]')
    window.enter('a[href*="/confirm-email/"]')
    window.enter("main button[type=submit]", Keys.SPACE)
    return email


def order(window: Window, plan: str = "free") -> str:
    """Choose a plan and a name by keyboard; the slug."""
    slug = f"kays-{secrets.token_hex(3)}"
    window.open("/plans/")
    window.tab_to("input[name=plan]")
    window.press(Keys.SPACE)
    for _ in range(3):
        if window.find(f"input[name=plan][value={plan}]:checked"):
            break
        window.press(Keys.ARROW_DOWN)
    window.type("input[name=name]", "Kay's shop")
    window.type("input[name=slug]", slug)
    window.enter("main button[type=submit]")
    if "/order/" in window.url:
        say_who_pays(window)
    return slug


def say_who_pays(window: Window) -> None:
    """What tax has to know before the first invoice, by keyboard."""
    window.type("input[name=to-name]", "Kay Ltd")
    window.type("select[name=to-country]", "Germany")
    window.enter("main button[type=submit]")


def await_live(window: Window, slug: str) -> None:
    """Stay on the progress page until it says that the tenant is live."""
    assert "/progress/" in window.url
    window.until(lambda: "is live" in window.words, "the tenant", 240)
    assert slug in window.words
    assert "close this tab" not in window.words


def log_in(window: Window, email: str, password: str = PASSWORD) -> None:
    """Fill in the log-in form that is shown, by keyboard."""
    window.type("#id_login", email)
    window.type("#id_password", password)
    window.enter("main button[type=submit]")
