"""Puts a simulated cloud in the place of Google's in every process of the bench."""

from __future__ import annotations

from django.apps import AppConfig


class CrashesConfig(AppConfig):
    name = "benchmarks.crashes"
    label = "crashes"

    def ready(self) -> None:
        from benchmarks.crashes import light, simulated  # noqa: PLC0415 - apps first

        simulated.install()
        light.install()
