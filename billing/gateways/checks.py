"""What is missing or wrong in the settings of gateways, said at the start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

REAL = "https://api.stripe.com"
HERE = frozenset({"127.0.0.1", "localhost", "::1"})


def stripe(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Check PAYBILL_STRIPE_...: nothing of a value is shown."""
    return list(_found())


def _found() -> Iterator[CheckMessage]:
    key, secrets = (
        settings.PAYBILL_STRIPE_SECRET_KEY,
        settings.PAYBILL_STRIPE_WEBHOOK_SECRETS,
    )
    if not key:
        if secrets:
            yield Error(
                "PAYBILL_STRIPE_WEBHOOK_SECRETS is set, PAYBILL_STRIPE_SECRET_KEY "
                "is not.",
                hint="Set both, or none.",
                id="billing.E001",
            )
        return
    if not key.startswith(("sk_", "rk_")):
        yield Error(
            "PAYBILL_STRIPE_SECRET_KEY is no secret or restricted key (sk_, rk_).",
            id="billing.E002",
        )
    if not secrets:
        yield Warning(
            "PAYBILL_STRIPE_WEBHOOK_SECRETS is not set: what Stripe tells is refused, "
            "and payments that take long are found by the sweep alone.",
            hint=f"Let Stripe send to {settings.PAYBILL_BASE_URL}/hooks/stripe/ and "
            "set the secret of that endpoint (whsec_...).",
            id="billing.W001",
        )
    if any(not secret.startswith("whsec_") for secret in secrets):
        yield Error(
            "PAYBILL_STRIPE_WEBHOOK_SECRETS has one that is no whsec_...",
            id="billing.E003",
        )
    if settings.PAYBILL_STRIPE_API != REAL and not _is_test_server():
        yield Error(
            f"PAYBILL_STRIPE_API is neither {REAL} nor a server on this machine in "
            "embedded mode.",
            id="billing.E004",
        )


def _is_test_server() -> bool:
    host = urlsplit(settings.PAYBILL_STRIPE_API).hostname
    return bool(settings.PAYBILL_EMBEDDED) and host in HERE
