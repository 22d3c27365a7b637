"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "provisioning"
    label = "provisioning"
    verbose_name = "Provisioning"

    def ready(self) -> None:
        from provisioning import (  # noqa: F401, PLC0415
            actions,
            handlers,
            looking,
            obstacles,
            panels,
            published,
            retention,
            steps,
            tasks,
            tools,
        )
        from provisioning.clouds import handlers as clouds  # noqa: F401, PLC0415
        from provisioning.databases import handlers as databases  # noqa: F401, PLC0415
        from provisioning.fleet import handlers as fleet  # noqa: F401, PLC0415
        from provisioning.products import handlers as products  # noqa: F401, PLC0415
        from provisioning.removal import handlers as removal  # noqa: F401, PLC0415
