"""Template tags that say state, money and time the same way on every page.

`badge`, `money`, `when`, `steps`, `empty_state`, `id_link`, `took` and
`simulated_here` are all there is. Each
draws markup that `paybill/ui.css` styles, in the portal and in the admin alike. Python
code (an admin column, say) may call `badge`, `money` and `when` as plain functions.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paybill_site.kernel import limits, planes

register = template.Library()

# The tone of a word is the same wherever the word stands, so that "failed" can not be
# grey on one page and red on the next. Words not named here are quiet.
_TONES = {
    "good": (
        "active live done applied paid ready succeeded delivered verified enabled "
        "accepted approved placed fulfilled ok"
    ),
    "busy": (
        "running planning applying provisioning queued pending trialing open claimed "
        "destroying activating processing confirmed"
    ),
    "warn": (
        "past_due grace suspended waiting_approval needs_confirmation unverified "
        "expiring draining unpaid retrying overdue incomplete"
    ),
    "bad": (
        "failed errored dead declined denied rejected lost refused revoked void "
        "uncollectible"
    ),
}
TONE_OF = {word: tone for tone, words in _TONES.items() for word in words.split()}

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF\u00a0"}
# ISO 4217 minor units that differ from two.
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "BHD": 3, "KWD": 3, "TND": 3}

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_RELATIVE_LIMIT = timedelta(days=14)


@register.simple_tag
def badge(state: object, label: str = "", tone: str = "") -> SafeString:
    """A state as word, shape and colour, so that colour alone never carries it.

    `tone` (good, busy, warn, bad or quiet) overrules the table for a word that means
    something else here.
    """
    word = str(getattr(state, "value", state) or "unknown")
    return format_html(
        '<span class="badge badge-{}">{}</span>',
        tone or TONE_OF.get(word.lower(), "quiet"),
        label or word.replace("_", " ").capitalize(),
    )


@register.simple_tag
def money(amount: int, currency: str) -> SafeString:
    """Integer minor units with their currency: `1234, "EUR"` is €12.34."""
    digits = MINOR_DIGITS.get(currency, 2)
    whole, part = divmod(abs(amount), 10**digits)
    number = f"{whole:,}" + (f".{part:0{digits}d}" if digits else "")
    return format_html(
        '<data class="money" value="{} {}">{}{}{}</data>',
        amount,
        currency,
        "\N{MINUS SIGN}" if amount < 0 else "",
        SYMBOLS.get(currency, f"{currency}\u00a0"),
        number,
    )


@register.simple_tag
def when(moment: datetime | None, missing: str = "never") -> SafeString:
    """A moment as people say it ("3 minutes ago"), the exact UTC time as its title."""
    if moment is None:
        return format_html('<span class="muted">{}</span>', missing)
    exact = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        exact.isoformat(timespec="seconds"),
        exact.strftime("%d %b %Y, %H:%M:%S UTC"),
        _relative(moment, timezone.now()),
    )


@register.inclusion_tag("components/steps.html")
def steps(items: list[Any]) -> dict[str, Any]:
    """Named steps of something that takes time.

    Each item has `name`, `state` (waiting, running, done, failed, skipped), and may
    have `started_at`, `finished_at` and `note` (one sentence, shown under the name).
    """
    now = timezone.now()
    return {"rows": [{"step": step, "took": _took(step, now)} for step in items]}


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    title: str, body: str = "", url: str = "", action: str = ""
) -> dict[str, str]:
    """What an empty list says: that it is empty, why, and the next step."""
    return {"title": title, "body": body, "url": url, "action": action}


@register.simple_tag
def id_link(public_id: str, url: str = "") -> SafeString:
    """A public id in fixed width, linked to its object where there is an address."""
    if not url:
        return format_html('<code class="id">{}</code>', public_id)
    return format_html('<a class="id" href="{}"><code>{}</code></a>', url, public_id)


@register.simple_tag
def simulated_here() -> bool:
    """Whether a simulator is the cloud of this plane's tenant, as its licence says."""
    tenant = planes.here().tenant
    terms = limits.terms(tenant) if tenant else None
    return terms is not None and terms.simulated


@register.simple_tag
def licence_notice() -> str:
    """What the licence of this plane wants its people to know, or ""."""
    tenant = planes.here().tenant
    return limits.notice(tenant) if tenant else ""


@register.simple_tag
def took(started: datetime | None, ended: datetime | None) -> str:
    """How long something took, or has been going on; nothing before it began."""
    return _duration((ended or timezone.now()) - started) if started else ""


def _took(step: Any, now: datetime) -> str:
    """How long a step took, or has been going on."""
    started = _read(step, "started_at")
    if started is None:
        return ""
    return _duration((_read(step, "finished_at") or now) - started)


def _read(step: Any, name: str) -> datetime | None:
    value = step.get(name) if isinstance(step, dict) else getattr(step, name, None)
    return value if isinstance(value, datetime) else None


def _duration(span: timedelta) -> str:
    seconds = max(span.total_seconds(), 0)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _relative(moment: datetime, now: datetime) -> str:
    gap = now - moment
    if abs(gap) >= _RELATIVE_LIMIT:
        return f"{moment.day} {moment:%b %Y}"
    seconds = int(abs(gap).total_seconds())
    for name, size in _UNITS:
        if seconds >= size:
            count = seconds // size
            words = f"{count} {name}{'' if count == 1 else 's'}"
            return f"{words} ago" if gap > timedelta(0) else f"in {words}"
    return "just now" if gap > timedelta(0) else "in a moment"
