"""The agents' frame as people run it."""

from __future__ import annotations

from agents.admin import agents

__all__ = ["agents"]
