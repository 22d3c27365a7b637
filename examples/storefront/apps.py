"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "examples.storefront"
    label = "storefront"
    verbose_name = "Storefront"

    def ready(self) -> None:
        for part in ("actions", "workflows", "handlers", "tools", "replay"):
            import_module(f"{self.name}.{part}")
