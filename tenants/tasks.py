"""What the worker does for tenants by itself."""

from __future__ import annotations

from celery import shared_task

from tenants import pool


@shared_task(name="tenants.refill")
def refill() -> int:
    """Make places until the warm pool is full; return how many were made."""
    return pool.fill()
