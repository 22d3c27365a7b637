"""Provisioning in the operators' admin."""

from __future__ import annotations

from provisioning.admin import deployments, products, rules, runs, stacks, states

__all__ = ["deployments", "products", "rules", "runs", "stacks", "states"]
