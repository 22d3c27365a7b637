"""Where a webhook may lead: public addresses, by https, and no further."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings

from paybill_site.kernel import web

HERE = {"localhost", "127.0.0.1", "::1"}


def target_of(url: str) -> web.Target:
    """The address, resolved and checked. Raises Refused and Unreachable.

    An evaluation on one machine may also tell programs on that machine.
    """
    return web.target_of(url, own=settings.PAYBILL_EMBEDDED and _is_here(url))


def _is_here(url: str) -> bool:
    with suppress(ValueError):
        host = urlsplit(url).hostname or ""
        return host in HERE or host.endswith(".localhost")
    return False


def check(url: str) -> None:
    """Raise Refused where this can never be told; a name may come to be known later."""
    with suppress(web.Unreachable):
        target_of(url)
