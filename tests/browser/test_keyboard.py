"""From a stranger to an agent's page in a live tenant without touching the mouse."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from paybill_site.local import terraform
from tests.browser import walks
from tests.browser.conftest import Open, Window

# One installation for all of them: so they are for one of the parallel processes.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def inside(window: Window, slug: str) -> None:
    """The window shows the tenant's home to somebody who came in."""
    window.until(lambda: f"//{slug}." in window.url, "the tenant's host")
    if window.find('main a[href^="/entry/"]'):
        window.enter('main a[href^="/entry/"]')
    window.until(lambda: "Signed in as" in window.words, "the tenant's home")


def test_sign_up_to_the_agents_page_by_keyboard(window: Open) -> None:
    kay = window()
    email = walks.sign_up(kay)
    slug = walks.order(kay)
    walks.await_live(kay, slug)
    kay.enter(f'main a.button[href*="{slug}"]')
    inside(kay, slug)

    kay.enter('main a[href="/admin/"]')
    kay.enter('a[href$="/agents/agent/add/"]')
    kay.type("input[name=name]", "Night shift")
    kay.enter("button[name=confirm]")
    assert "Night shift" in kay.words
    kay.enter('a[href$="/agents/agent/1/change/"]')
    assert "Night shift" in kay.words
    assert kay.find('button[name="CHANGE_FORM-action"]')
    assert kay.complaints() == []

    # Out here, and the portal's session goes on; out there; and in again by password.
    kay.open(f"{kay.url.split('/admin')[0]}/")
    kay.enter('form[action="/leave/"] button')
    assert "Members only" in kay.words
    home = kay.url
    kay.open("/tenants/").enter('form[action="/accounts/logout/"] button')
    if "/accounts/logout/" in kay.url:
        kay.enter("main button[type=submit]")
    kay.open(home).enter('main a[href^="/entry/"]')
    walks.log_in(kay, email)
    inside(kay, slug)
    assert kay.complaints() == []


@pytest.mark.skipif(terraform.find() is None, reason="needs Terraform")
def test_a_tenant_on_a_server_of_its_own_is_paid_opened_and_entered(
    window: Open,
) -> None:
    kay = window()
    walks.sign_up(kay)
    slug = walks.order(kay, "business")
    kay.tab_to("input[name=card]")
    kay.press(Keys.SPACE)
    assert kay.find("input[value=test_succeeds]:checked")
    kay.enter("main button[type=submit]")
    walks.await_live(kay, slug)
    kay.enter(f'main a.button[href*="{slug}"]')
    if kay.find('main a[href^="/entry/"]'):
        kay.enter('main a[href^="/entry/"]')
    kay.until(lambda: "Signed in as" in kay.words, "the tenant's home")
    kay.enter('main a[href="/admin/"]')
    kay.enter('a[href$="/agents/agent/add/"]')
    kay.type("input[name=name]", "Night shift")
    kay.enter("button[name=confirm]")
    assert "Night shift" in kay.words
    assert kay.complaints() == []


def test_without_javascript_the_progress_page_gets_there(window: Open) -> None:
    kay = window(javascript=False)
    walks.sign_up(kay)
    slug = walks.order(kay)
    walks.await_live(kay, slug)
    kay.enter(f'main a.button[href*="{slug}"]')
    inside(kay, slug)
    assert "Signed in as" in kay.words
