"""Provisioning in the operators' admin."""

from __future__ import annotations

from provisioning.admin import deployments, runs, states

__all__ = ["deployments", "runs", "states"]
