"""Paybill: the site that puts the rooms together."""

from __future__ import annotations

# Every process that may send a task needs the configured application.
from paybill_site.celery import app as celery_app

__all__ = ["celery_app"]
