"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    label = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        from tenants import (  # noqa: F401, PLC0415
            actions,
            directory,
            handlers,
            hooks,
            published,
            roles,
            steps,
            tools,
        )
        from tenants.keys import auth  # noqa: F401, PLC0415
