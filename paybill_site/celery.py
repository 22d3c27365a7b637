"""The Celery application: its tasks run in planes, its messages hold only ids."""

from __future__ import annotations

import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paybill_site.settings")

app = Celery("paybill", task_cls="paybill_site.kernel.planetask:PlaneTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect(weak=False)
def accept_root(**_: Any) -> None:
    """Whoever evaluates as root in a container knows it; in production it is a mistake.

    Asked when a worker starts: at import the settings may be half loaded.
    """
    if settings.PAYBILL_EMBEDDED:
        warnings.filterwarnings("ignore", message="You're running the worker with")


@setup_logging.connect(weak=False)
def keep_logging(**_: Any) -> None:
    """Leave Django's JSON logging as it is: a receiver here stops Celery's own."""
