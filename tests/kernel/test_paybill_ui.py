"""What the template tags say, and what no template may contain."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.template import Context, Template
from django.template.loader import get_template, render_to_string
from django.utils import timezone

from paybill_site.kernel.templatetags import paybill_ui as ui

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
PAGES = sorted(str(p.relative_to(TEMPLATES)) for p in TEMPLATES.rglob("*.html"))
# A strict content security policy would silently drop these.
INLINE = re.compile(r"<style|<script(?![^>]*(src=|application/json))|\s(style|on\w+)=")


def draw(source: str, **context: object) -> str:
    loaded = Template("{% load paybill_ui %}" + source)
    return str(loaded.render(Context(context)))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1234, "EUR", "€12.34"),
        (123456789, "USD", "$1,234,567.89"),
        (-5, "GBP", "\N{MINUS SIGN}£0.05"),
        (1500, "JPY", "¥1,500"),
        (1234, "KWD", "KWD\u00a01.234"),
    ],
)
def test_money_is_shown_with_the_digits_of_its_currency(
    amount: int, currency: str, text: str
) -> None:
    assert f">{text}</data>" in ui.money(amount, currency)


def test_a_state_is_said_by_word_and_not_by_colour_alone() -> None:
    drawn = ui.badge("past_due")
    assert drawn == '<span class="badge badge-warn">Past due</span>'


def test_an_unknown_word_is_quiet_and_its_text_escaped() -> None:
    drawn = ui.badge("<b>")
    assert "badge-quiet" in drawn
    assert "<b>" not in drawn


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(minutes=1, seconds=5), "1 minute ago"),
        (timedelta(hours=5, minutes=1), "5 hours ago"),
        (timedelta(minutes=-10, seconds=-9), "in 10 minutes"),
    ],
)
def test_a_recent_moment_is_said_as_people_say_it(ago: timedelta, text: str) -> None:
    drawn = ui.when(timezone.now() - ago)
    assert f">{text}</time>" in drawn
    assert "UTC" in drawn


def test_a_moment_that_never_came_says_so() -> None:
    assert ">never<" in ui.when(None)


def test_a_finished_step_says_how_long_it_took() -> None:
    end = timezone.now()
    step = {
        "name": "Database made",
        "state": "done",
        "started_at": end - timedelta(seconds=64),
        "finished_at": end,
    }
    drawn = draw("{% steps items %}", items=[step])
    assert "1 min 04 s" in drawn
    assert "step-done" in drawn


def test_a_step_that_waits_has_no_time() -> None:
    drawn = draw("{% steps items %}", items=[{"name": "Mail", "state": "waiting"}])
    assert '<span class="step-took"></span>' in drawn


@pytest.mark.parametrize("page", PAGES)
def test_every_template_compiles_and_carries_nothing_inline(page: str) -> None:
    get_template(page)
    assert not INLINE.search((TEMPLATES / page).read_text())


def test_the_page_for_a_crash_needs_no_context() -> None:
    assert "Something broke on our side" in render_to_string("500.html")
