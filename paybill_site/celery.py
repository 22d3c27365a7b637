"""The Celery application: workers, beat and the task class of `PlaneTask`."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paybill_site.settings")

app = Celery("paybill")
app.config_from_object("django.conf:settings", namespace="CELERY")
