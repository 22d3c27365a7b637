"""The Celery application: its tasks run in planes, its messages hold only ids."""

from __future__ import annotations

import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging
from django.conf import settings
from kombu import Exchange, Queue
from kombu.common import Broadcast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paybill_site.settings")

# What beat wakes up, and after how many seconds; all of it in the control plane.
EVERY = {
    "kernel.sweep": 5.0,
    "kernel.forget": 3600.0,
    "billing.bill": 60.0,
    "billing.dun": 60.0,
    "billing.roll_up_usage": 5.0,
    "billing.keep_usage": 3600.0,
    "billing.close_over": 600.0,
    "billing.start_sales": 60.0,
    "billing.close_day": 3600.0,
    "billing.look_at_payments": 60.0,
    "billing.look_at_methods": 3600.0,
    "billing.forget_incoming": 3600.0,
    "billing.recognise": 300.0,
    "billing.note_recurring": 3600.0,
    "provisioning.sweep": 15.0,
    "provisioning.forget": 3600.0,
    "provisioning.sweep_host": 15.0,
    "provisioning.database_sweep": 15.0,
    "provisioning.database_care": 300.0,
    "provisioning.look_around": 300.0,
    "provisioning.sweep_removals": 30.0,
    "provisioning.sweep_rollouts": 60.0,
    "tenants.refill": 30.0,
    "tenants.renew_licences": 3600.0,
    "tenants.sweep_bridges": 60.0,
    "tenants.sweep_hooks": 5.0,
    "tenants.forget_hooks": 3600.0,
}
# ``runs``: applies and destroys. ``care``: what never delays one of them, looks at what
# stands and work on databases, whose archives may lie there. ``hooks``: customers'
# webhooks, which do little but wait for others, so their worker has threads. ``hosts``:
# to each worker that keeps folders of runs, for nobody else sees what lies there.
HOSTS = Exchange("hosts", type="fanout")
QUEUES = (
    *(
        Queue(name, Exchange(name), name)
        for name in ("default", "runs", "care", "hooks")
    ),
    Broadcast("hosts", exchange=HOSTS),
)
WHERE: dict[str, dict[str, Any]] = {
    # Who sends says what it is sent to: Redis does not keep that.
    "provisioning.sweep_host": {"queue": "hosts", "declare": [HOSTS], "expires": 15.0},
    "provisioning.database_care": {"queue": "care", "expires": 300.0},
}
# Messages only wake somebody up: what is due stands in Postgres, so a lost or repeated
# message changes nothing, and no result is kept. The broker's address is in settings.
CONFIGURATION: dict[str, Any] = {
    "task_default_queue": "default",
    "task_queues": QUEUES,
    "task_ignore_result": True,
    "task_acks_late": True,
    "worker_prefetch_multiplier": 1,
    "broker_connection_retry_on_startup": True,
    "task_reject_on_worker_lost": True,
    # A worker stays with its runner: longer than all phases of a run together.
    "broker_transport_options": {"visibility_timeout": 4 * 3600},
    "beat_schedule": {
        name: {
            "task": name,
            "schedule": seconds,
            "options": {"headers": {"plane": "control"}, **WHERE.get(name, {})},
        }
        for name, seconds in EVERY.items()
    },
}

app = Celery(
    "paybill",
    task_cls="paybill_site.kernel.planetask:PlaneTask",
    changes=CONFIGURATION,
)
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
