"""The consent page in Chromium: by keyboard, in both colour schemes, and back again."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client
from selenium import webdriver

from agents.models import Delegation, Role
from examples.storefront.seed import seed_storefront
from paybill_site.accounts.sessions import cookie_name
from paybill_site.kernel import web
from paybill_site.kernel.planes import Place, plane
from tests.agents.conftest import CANCEL, READ, license_plane
from tests.agents.oauth.conftest import CLAUDE, Assistant, Outside
from tests.agents.people import enter, person, prove
from tests.browser.conftest import FLAGS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
type Look = Callable[..., webdriver.Chrome]


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def site_pages(environ: Any, start: Any) -> Iterator[bytes]:
    """The product; what its thread opened is closed with the answer."""
    answer: Any = get_wsgi_application()(environ, start)
    try:
        yield from answer
    finally:
        answer.close()
        connections.close_all()


def client_page(_: Any, start: Any) -> list[bytes]:
    """Where the assistant waits for the browser."""
    start("200 OK", [("Content-Type", "text/html")])
    return [b"<!DOCTYPE html><title>Back</title><h1>Connected</h1>"]


@pytest.fixture
def served() -> Iterator[Callable[[Any], int]]:
    servers = []

    def serve(application: Any) -> int:
        server = Threads(("127.0.0.1", 0), Quiet)
        server.set_app(application)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return int(server.server_port)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def chrome(tmp_path: Path) -> Iterator[Look]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromedriver (Debian's packages) are not installed")
    opened: list[webdriver.Chrome] = []

    def open_one() -> webdriver.Chrome:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in (*FLAGS, f"--user-data-dir={tmp_path}/profile-{len(opened)}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(executable_path=driver)
        window = webdriver.Chrome(options=options, service=service)
        opened.append(window)
        return window

    yield open_one
    for window in opened:
        window.quit()


def furnish(place: Place) -> str:
    """A shop where assistants may do something; the cookie of its owner."""
    with plane(place):
        license_plane(place)
        seed_storefront()
        role = Group.objects.create(name="agents:assistants")
        Role.objects.create(name="assistants", group=role, made_by="test")
        codes = [name.partition(".")[2] for name in (READ, CANCEL)]
        role.permissions.set(Permission.objects.filter(codename__in=codes))
        browser = enter(Client(headers={"host": "ta.localhost"}), person("owner"))
        prove(browser)
        return str(browser.cookies[cookie_name()].value)


def test_who_allows_is_taken_back_to_the_assistant(
    committed: None,
    tenant_a: Place,
    served: Callable[[Any], int],
    chrome: Look,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outside = Outside()
    monkeypatch.setattr(web, "call", outside.call)
    cookie = furnish(tenant_a)
    port = served(site_pages)
    back = f"http://localhost:{served(client_page)}/callback"
    site = f"http://ta.localhost:{port}"
    window = chrome()
    window.get(f"{site}/.well-known/oauth-protected-resource")
    window.add_cookie({"name": cookie_name_in(tenant_a), "value": cookie})
    asked = Assistant(Client(), CLAUDE, back).question(
        resource=f"{site}/mcp", scope=f"{READ} {CANCEL} storefront.view_customer"
    )
    window.get(site + asked)
    until(lambda: "Let Claude (claude.example) act for you?" in window.page_source)
    _look(window, "consent")
    window.find_element("css selector", "button[value=allow]").click()
    until(lambda: "Connected" in window.page_source)
    assert window.current_url.startswith(f"{back}?code=")
    window.get(f"{site}/assistants/")
    until(lambda: "Claude (claude.example)" in window.page_source)
    _look(window, "assistants")
    window.find_element("css selector", "main form button").click()
    until(lambda: "no longer acts for you" in window.page_source)
    with plane(tenant_a):
        assert Delegation.objects.get().status == "ended"
    said = window.get_log("browser")  # type: ignore[no-untyped-call]
    severe = [one["message"] for one in said if one["level"] == "SEVERE"]
    assert [one for one in severe if "favicon" not in one] == []


def cookie_name_in(place: Place) -> str:
    with plane(place):
        return cookie_name()


def until(there: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.1)


def _look(window: webdriver.Chrome, name: str) -> None:
    """Pictures for whoever wants to look: PAYBILL_PICTURES names a folder."""
    for scheme in ("dark", "light"):
        wanted = {"name": "prefers-color-scheme", "value": scheme}
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [wanted]})
        if folder := os.environ.get("PAYBILL_PICTURES"):
            window.save_screenshot(str(Path(folder) / f"{name}-{scheme}.png"))
