"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "examples.storefront"
    label = "storefront"
    verbose_name = "Storefront"
