"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "paybill_site.kernel"
    label = "kernel"
    verbose_name = "Kernel"
