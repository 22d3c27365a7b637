"""The inbox in Chromium: read and decided by keyboard, in both colour schemes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from selenium import webdriver

from agents.models import Approval, WorkflowRun
from paybill_site.accounts.sessions import cookie_name
from paybill_site.kernel import outbox
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import Place
from tests.agents.approvals.test_asking import copies, run
from tests.agents.listing import asked
from tests.agents.oauth.test_browser import Look, chrome, served, site_pages
from tests.agents.people import enter, person
from tests.browser.conftest import Window

__all__ = ["chrome", "run", "served"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture
def approval(committed: None, clerk: Actor, run: WorkflowRun) -> Approval:
    return asked(clerk, run)


@pytest.fixture
def window(
    approval: Approval,
    tenant_a: Place,
    served: Callable[[Any], int],
    chrome: Look,
) -> Window:
    """The window of somebody who decides."""
    client = enter(Client(headers={"host": "ta.localhost"}), person("admin"))
    cookie = str(client.cookies[cookie_name()].value)
    window = Window(chrome(), f"http://ta.localhost:{served(site_pages)}")
    window.open("/nowhere/")
    window.driver.add_cookie({"name": cookie_name(), "value": cookie})
    return window


def pictures(driver: webdriver.Chrome, name: str) -> None:
    """For whoever wants to look: PAYBILL_PICTURES names a folder."""
    for scheme in ("dark", "light"):
        wanted = {"name": "prefers-color-scheme", "value": scheme}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [wanted]})
        if folder := os.environ.get("PAYBILL_PICTURES"):
            driver.save_screenshot(str(Path(folder) / f"{name}-{scheme}.png"))


def test_a_person_reads_and_decides_by_keyboard(
    window: Window, approval: Approval
) -> None:
    window.open("/")
    assert "Approvals" in window.words
    window.enter("nav a[href='/approvals/']")
    assert "copies are dear" in window.words
    pictures(window.driver, "approvals")
    window.enter(f"a[href='/approvals/{approval.public_id}/']")
    for words in ("Product is made", "Dear chair", "product described"):
        assert words in window.words
    pictures(window.driver, "approval")
    window.type("#id_approve-reason", "it may")
    window.enter("main form button")
    assert "The agent does it now" in window.words
    pictures(window.driver, "approved")
    outbox.drain()
    assert copies() == ["Dear chair"]
    window.open(f"/admin/agents/approval/{approval.pk}/change/")
    assert "Dear chair" in window.words
    pictures(window.driver, "approval-admin")
    severe = [
        said["message"]
        for said in window.driver.get_log("browser")  # type: ignore[no-untyped-call]
        if said["level"] == "SEVERE"
    ]
    assert [
        one for one in severe if "favicon" not in one and "nowhere" not in one
    ] == []
