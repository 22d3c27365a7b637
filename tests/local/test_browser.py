"""The demo's browser reads pages as a person's does: forms, buttons, links, cookies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from paybill_site.local.demo.browser import Browser, DemoError, Page

TEXT = """
<title>Shop</title><a href="/plans/">Plans</a><a>nowhere</a><a href="?page=2">Next</a>
<form method="get"><input type="search" name="q" value="mug"></form>
<form action="/pay/" method="POST">
  <input type="hidden" name="csrfmiddlewaretoken" value="t0ken">
  <input name="email" required>
  <input type="radio" name="plan" value="free">
  <input type="radio" name="plan" value="team" checked>
  <input type="checkbox" name="news">
  <select name="region"><option value="eu">EU</option>
    <option value="us" selected>US</option></select>
  <select name="size"><option value="s">S</option><option value="m">M</option></select>
  <textarea name="note"></textarea>
  <button name="card" value="ok">Pay</button>
  <input type="submit" name="later" value="1">
</form>
<p>Thank &amp; <b>goodbye</b></p>
"""
PAGE = Page("http://localhost:8000/start/", 200, {}, TEXT)


def test_a_form_holds_what_a_browser_would_send() -> None:
    form = PAGE.form("email", "plan")
    assert (form.action, form.method) == ("/pay/", "post")
    assert form.values == {
        "csrfmiddlewaretoken": "t0ken",
        "email": "",
        "plan": "team",
        "region": "us",
        "size": "s",
        "note": "",
    }
    assert form.choices["plan"] == ["free", "team"]
    assert form.choices["region"] == ["eu", "us"]
    assert "news" in form.names
    assert form.buttons == [("card", "ok"), ("later", "1")]


def test_forms_are_found_by_field_and_by_button() -> None:
    assert PAGE.form("q").method == "get"
    assert PAGE.form(button="ok").action == "/pay/"
    with pytest.raises(DemoError, match=r"no form with .*password.*Thank & goodbye"):
        PAGE.form("password")


def test_links_are_whole_addresses() -> None:
    assert PAGE.links() == [
        "http://localhost:8000/plans/",
        "http://localhost:8000/start/?page=2",
    ]
    assert PAGE.link("plans").endswith("/plans/")
    with pytest.raises(DemoError, match="no link with /nowhere/"):
        PAGE.link("/nowhere/")


class Site(BaseHTTPRequestHandler):
    """Sets a cookie and sends on; then says what it was sent."""

    def do_GET(self) -> None:
        if self.path == "/round":
            self._answer(302, b"", Location="/round")
        elif self.path == "/in":
            self._answer(302, b"", Location="/seen", **{"Set-Cookie": "who=me; Path=/"})
        elif self.path == "/out":
            self._answer(200, b"", **{"Set-Cookie": 'who=""; Max-Age=0; Path=/'})
        else:
            said = f"{self.headers['Host']} {self.headers.get('Cookie', '-')}"
            self._answer(200, said.encode())

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self._answer(200, self.rfile.read(size))

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_cookies_stay_with_the_host_that_set_them(port: int) -> None:
    browser = Browser()
    mine, other = f"a.localhost:{port}", f"b.localhost:{port}"
    assert browser.get(f"http://{mine}/in").text == f"{mine} who=me"
    assert browser.get(f"http://{other}/").text == f"{other} -"
    browser.get(f"http://{mine}/out")
    assert browser.get(f"http://{mine}/").text == f"{mine} -"


def test_a_form_is_sent_with_what_was_filled_in_and_the_button_pressed(
    port: int,
) -> None:
    page = Page(f"http://localhost:{port}/start/", 200, {}, TEXT)
    form = page.form("email")
    sent = Browser().submit(page, form, button="ok", email="a@b.c").text
    assert "email=a%40b.c" in sent
    assert "plan=team" in sent
    assert "card=ok" in sent
    assert "later" not in sent


def test_pages_that_send_in_a_circle_are_given_up(port: int) -> None:
    with pytest.raises(DemoError, match="without end"):
        Browser().get(f"http://localhost:{port}/round")
