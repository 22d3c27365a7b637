"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


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
        )
        from billing.gateways.manual import Manual  # noqa: PLC0415
        from billing.reports import tasks as reports  # noqa: F401, PLC0415

        if settings.PAYBILL_EMBEDDED:
            from billing.sandbox import actions as sandbox  # noqa: F401, PLC0415
            from billing.sandbox import handlers as follows  # noqa: F401, PLC0415
            from billing.sandbox.gateway import Sandbox  # noqa: PLC0415

            gateways.register(Sandbox())
        gateways.register(Manual())
