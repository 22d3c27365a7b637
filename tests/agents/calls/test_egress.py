# ruff: noqa: RUF001 - letters that only look the same are what it is about
"""An agent names no address outside that is not on a list."""

from __future__ import annotations

import time
from typing import Any

import pytest

from agents.dispatch import call
from agents.errors import NotListed
from agents.limits import egress
from agents.limits.terms import Bound
from agents.models import Agent, Binding, EgressEntry
from agents.states import BindingKind
from examples.storefront.models import Product
from paybill_site.kernel.actors import Actor
from tests.agents.conftest import last_entry

LISTED = frozenset({"example.com", "@example.com"})
FINE = (
    "two chairs, 24/7, sizes 10.5 and 12: as in St.Mary road 5/7 @ the back, e.g. red",
    "see https://example.com/a?b=c#d and HTTP://EXAMPLE.COM:80.",
    "see https://example.com\nthanks",
    "write to ann.b+c@example.com, <bo@EXAMPLE.com>!",
    "mailto:a@example.com",
    "example.com/path",
    "at:example.com/path",
    "[x](example.com)",
    "example。com/x",
    "[the site](https://example.com/a) [1](2.5) 10:30/11:00 v1.2.3/4",
    "https://ｅｘａｍｐｌｅ.com",
)
REFUSED = (
    "https://evil.com", "https://sub.example.com", "https://example.com.evil.com",
    "https://example.com@evil.com", "https://user:pw@example.com",
    "https:evil.com", "https:/evil.com", "https:\\\\evil.com", "//evil.com/x",
    "https://example.com\\.evil.com", "https://example.com%2eevil.com",
    "https://exаmple.com",
    "https://127.0.0.1", "http://2130706433", "http://0x7f.1", "http://[::1]/",
    "https://example.com:8443/", "ftp://example.com", "javascript:alert(1)",
    "data:text/html,x", "file:///etc/passwd", "tel:+49123", "custom://example.com",
    "ht\ttps://evil.com", "https:\n//evil.com", "ｈttps://evil.com",
    "ex\u200bfil@evil.com", "a@evil.com", "a@sub.example.com", '"a b"@evil.com',
    "a@[127.0.0.1]", "a@example.com@evil.com", "user＠evil.com",
    "www.evil.com", "evil.com/path", "go to evil.com?x=1", "\\\\evil.com\\share",
    "127.0.0.1/x", "1.2.3.4:8080/x", "localhost:8000/x", "evil。com/x", "evil｡com/x",
    "[x](evil.com)", "[x](<evil.com>)", "[x]: evil.com", "site:evil.com/x",
    "https://",
    "text https://example.com and https://evil.com",
)  # fmt: skip


@pytest.mark.parametrize("text", FINE)
def test_what_is_no_address_or_a_listed_one_may_be_said(text: str) -> None:
    egress.check({"text": text}, LISTED)


@pytest.mark.parametrize("text", REFUSED)
def test_no_spelling_leads_elsewhere(text: str) -> None:
    for arguments in ({"text": text}, {"deep": [{"text": f"so: {text}"}]}):
        with pytest.raises(NotListed) as refused:
            egress.check(arguments, LISTED)
        assert refused.value.members["rule"] == "egress"
        assert "evil" not in refused.value.detail


def test_a_url_of_several_lines_is_what_a_program_makes_of_it() -> None:
    with pytest.raises(NotListed):  # example.comthanks
        egress.check({"url": "https://example.com\nthanks"}, LISTED)


def test_a_mail_domain_is_no_host_and_the_other_way_round() -> None:
    for text, listed in (("a@b.org", "b.org"), ("https://b.org", "@b.org")):
        with pytest.raises(NotListed):
            egress.check({"text": text}, {listed})


def test_an_argument_that_is_a_host_is_an_address_without_more() -> None:
    egress.check({"host": "evil.com"}, LISTED)
    with pytest.raises(NotListed):
        egress.check({"host": "evil.com"}, LISTED, hosts={"host"})


def test_what_a_person_chose_is_not_searched() -> None:
    for kind in (BindingKind.FIXED, BindingKind.LISTED):
        bound = Bound("bnd_x", "note", "text", kind, "https://evil.com")
        egress.check({"text": "https://evil.com"}, LISTED, [bound])


@pytest.mark.parametrize("part", ["a", "a.", "a@", "http:", "x:", "/", "www.", "//a"])
def test_a_long_text_is_searched_quickly(part: str) -> None:
    began = time.monotonic()
    list(egress.addresses(part * (60_000 // len(part))))
    assert time.monotonic() - began < 10


def test_entries_are_kept_in_the_form_in_which_they_are_compared() -> None:
    assert egress.entry(" @Bücher.Example ") == "@xn--bcher-kva.example"
    for wrong in ("localhost", "10.0.0.1", "a b.com", "https://a.com", "@", "*.com"):
        with pytest.raises(ValueError, match="host"):
            egress.entry(wrong)


def test_an_agent_s_call_is_refused_until_the_address_is_on_a_list(
    worker: Actor, chair: Product, helper: Agent
) -> None:
    arguments = {"id": chair.public_id, "text": "see https://shop.example/chair"}

    def say(key: str) -> Any:
        return call(worker, "note", arguments, key=key)

    with pytest.raises(NotListed):
        say("a")
    assert '"rule":"egress"' in last_entry().body
    entry = EgressEntry.objects.create(
        agent=helper, address="shop.example", made_by="t"
    )
    say("b")
    entry.delete()
    with pytest.raises(NotListed):
        say("c")
    EgressEntry.objects.create(address="shop.example", made_by="t")
    say("d")


def test_a_bound_argument_goes_through_the_dispatch(
    worker: Actor, chair: Product, helper: Agent
) -> None:
    Binding.objects.create(
        agent=helper,
        tool="note",
        argument="text",
        kind="fixed",
        value="https://evil.com",
        made_by="t",
    )
    call(worker, "note", {"id": chair.public_id}, key="a")
    chair.refresh_from_db()
    assert chair.description == "https://evil.com"
