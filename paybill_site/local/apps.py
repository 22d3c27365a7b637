"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig


class LocalConfig(AppConfig):
    name = "paybill_site.local"
    label = "local"
    verbose_name = "Embedded services"
