"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "paybill_site.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from paybill_site.accounts import (  # noqa: F401, PLC0415
            actions,
            principals,
            stepup,
        )
