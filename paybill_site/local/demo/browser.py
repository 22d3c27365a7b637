"""A small browser without a screen: cookies per host, forms as the page sends them.

It connects to 127.0.0.1 and names the host in a header, because names below
``.localhost`` do not resolve for every program.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

HOPS = 12


class DemoError(Exception):
    """The story did not go on as it should have."""


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, what is in it, what its buttons send."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)

    def forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.forms

    def form(self, *names: str, button: str = "") -> Form:
        """The first form that has all these fields (and this button's value)."""
        for found in self.forms():
            values = {value for _, value in found.buttons}
            if set(names) <= found.names and (not button or button in values):
                return found
        said = " ".join(self.words().split())[:300]
        raise DemoError(f"{self.url} has no form with {names or button}: {said}")

    def links(self) -> list[str]:
        parser = _Links()
        parser.feed(self.text)
        return [urljoin(self.url, link) for link in parser.links]

    def link(self, part: str) -> str:
        """The first link whose address contains ``part``."""
        for link in self.links():
            if part in link:
                return link
        raise DemoError(f"{self.url} has no link with {part}")

    def words(self) -> str:
        parser = _Words()
        parser.feed(self.text)
        return " ".join(parser.words)


class Browser:
    """One person's browser: keeps cookies apart by host, follows redirects."""

    def __init__(self) -> None:
        self.cookies: dict[str, SimpleCookie] = {}

    def get(self, url: str, headers: dict[str, str] | None = None) -> Page:
        return self._follow("GET", url, None, headers or {})

    def submit(self, page: Page, form: Form, /, button: str = "", **given: str) -> Page:
        """Send a form of a page with these values; ``button`` names the one pressed."""
        pressed = {name: value for name, value in form.buttons if value == button}
        values = {**form.values, **pressed, **given}
        target = urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return self.get(f"{target}?{urlencode(values)}")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": page.url,
            "Origin": "{0.scheme}://{0.netloc}".format(urlsplit(page.url)),
        }
        return self._follow("POST", target, urlencode(values), headers)

    def api(
        self, method: str, url: str, body: Any = None, token: str = "", key: str = ""
    ) -> Page:
        """Call the API as a program does: JSON, a bearer token, an idempotency key."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        text = None if body is None else json.dumps(body)
        return self._send(method, url, text, headers)

    def _follow(
        self, method: str, url: str, body: str | None, headers: dict[str, str]
    ) -> Page:
        for _ in range(HOPS):
            page = self._send(method, url, body, headers)
            if page.status not in {301, 302, 303, 307, 308}:
                return page
            url, method, body = urljoin(url, page.headers["location"]), "GET", None
            headers = {}
        raise DemoError(f"{url} sends from one page to the next without end")

    def _send(
        self, method: str, url: str, body: str | None, headers: dict[str, str]
    ) -> Page:
        parts = urlsplit(url)
        sent = {"Host": parts.netloc, **headers}
        jar = self.cookies.setdefault(parts.netloc, SimpleCookie())
        if jar:
            sent["Cookie"] = "; ".join(f"{m.key}={m.coded_value}" for m in jar.values())
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            data = body.encode() if body is not None else None
            connection.request(method, target, data, sent)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for value in answer.headers.get_all("Set-Cookie") or []:
            self._keep(jar, value)
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return Page(url, answer.status, lowered, text)

    def _keep(self, jar: SimpleCookie, value: str) -> None:
        given: SimpleCookie = SimpleCookie()
        given.load(value)
        for name, morsel in given.items():
            if morsel["max-age"] == "0" or not morsel.value:
                jar.pop(name, None)
            else:
                jar[name] = morsel.value


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = given.get("method", "get").lower()
            self._open = Form(given.get("action", ""), method)
            self.forms.append(self._open)
        elif self._open is not None:
            self._field(self._open, tag, given, {name for name, _ in attrs})

    def _field(
        self, form: Form, tag: str, given: dict[str, str], flags: set[str]
    ) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "button":
            form.buttons.append((name, value))
        elif tag == "input" and name:
            self._input(form, given, flags)
        elif tag in {"select", "textarea"} and name:
            form.names.add(name)
            if tag == "textarea":
                form.values.setdefault(name, "")
            else:
                self._select = name
        elif tag == "option" and self._select:
            form.choices.setdefault(self._select, []).append(value)
            form.values.setdefault(self._select, value)
            if "selected" in flags:
                form.values[self._select] = value

    def _input(self, form: Form, given: dict[str, str], flags: set[str]) -> None:
        name, kind = given["name"], given.get("type", "text")
        form.names.add(name)
        if kind in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in flags:
                form.values[name] = given.get("value", "on")
        elif kind == "submit":
            form.buttons.append((name, given.get("value", "")))
        else:
            form.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = ""


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.links.append(href)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())
