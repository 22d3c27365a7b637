"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register as register_check


class BillingConfig(AppConfig):
    name = "billing"
    label = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        from billing import (  # noqa: F401, PLC0415
            actions,
            effects,
            gateways,
            handlers,
            journey,
            panels,
            published,
            tasks,
            tools,
        )
        from billing.catalogue import tasks as sales  # noqa: F401, PLC0415
        from billing.dunning import handlers as dunning  # noqa: F401, PLC0415
        from billing.dunning import tasks as dun  # noqa: F401, PLC0415
        from billing.gateways import checks, sweeping  # noqa: F401, PLC0415
        from billing.gateways import handlers as asks  # noqa: F401, PLC0415
        from billing.gateways.manual import Manual  # noqa: PLC0415
        from billing.incoming import handlers as listens  # noqa: F401, PLC0415
        from billing.incoming import tasks as forgets  # noqa: F401, PLC0415
        from billing.ledger import tasks as books  # noqa: F401, PLC0415
        from billing.reports import tasks as reports  # noqa: F401, PLC0415
        from billing.usage import handlers as counting  # noqa: F401, PLC0415
        from billing.usage import tasks as metering  # noqa: F401, PLC0415

        if settings.PAYBILL_EMBEDDED:
            from billing.sandbox import actions as sandbox  # noqa: F401, PLC0415
            from billing.sandbox import handlers as follows  # noqa: F401, PLC0415
            from billing.sandbox.gateway import Sandbox  # noqa: PLC0415

            gateways.register(Sandbox())
        if settings.PAYBILL_STRIPE_SECRET_KEY:
            from billing.gateways.stripe import Stripe  # noqa: PLC0415

            gateways.register(Stripe())
        gateways.register(Manual())
        register_check(checks.stripe)
