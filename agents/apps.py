"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps


class AgentsConfig(AppConfig):
    name = "agents"
    label = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        import_module(f"{self.name}.access.walls")
        import_module(f"{self.name}.actions")
        import_module(f"{self.name}.evidence.recording")
        import_module(f"{self.name}.evidence.replay")
        import_module(f"{self.name}.evidence.basis")
        for part in ("kinds", "following"):
            import_module(f"{self.name}.proposals.{part}")
        for verbs in ("roles", "access", "everywhere"):
            import_module(f"{self.name}.actions.{verbs}")
        if apps.is_installed("tenants"):  # a silo is told, and tells nobody
            import_module(f"{self.name}.access.handlers")
        for part in ("workflows.stepping", "approvals.using", "limits.closings"):
            import_module(f"{self.name}.{part}")
        import_module(f"{self.name}.mcp.agreeing")
        for room in ("limits", "approvals"):
            import_module(f"{self.name}.{room}.forgetting")
        for part in ("workflows", "approvals"):
            import_module(f"{self.name}.{part}.tools")
            import_module(f"{self.name}.{part}.handlers")
