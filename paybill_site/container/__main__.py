"""The entry point of the image.

    python -m paybill_site.container web|worker|runner|care|beat|migrate   control plane
    python -m paybill_site.container tenant      a tenant's own: set up, then serve
    python -m paybill_site.container serve ...   a tenant's own that is set up

A control-plane process takes the place of this one, so signals reach it and nothing
else: an init that broadcasts them would end Terraform in the middle of an apply.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile

from paybill_site.container import handover, references, serving, setup
from paybill_site.container.handover import BadHandover

PORT = os.environ.get("PORT", "8000")
MANAGE = [sys.executable, "manage.py"]
CELERY = [sys.executable, "-m", "celery", "--app=paybill_site.celery"]
BEAT = os.path.join(tempfile.gettempdir(), "beat")  # of this container alone
# Runs take long: a container of runners is given as long a grace to stop.
COMMANDS = {
    "web": serving.web(f"--bind=0.0.0.0:{PORT}", workers=2),
    "worker": [*CELERY, "worker", "--queues=default", "--loglevel=WARNING"],
    "runner": [
        *CELERY, "worker", "--queues=runs,hosts", "--concurrency=2",
        "--loglevel=WARNING",
    ],
    "care": [
        *CELERY, "worker", "--queues=care,hosts", "--concurrency=2",
        "--loglevel=WARNING",
    ],
    # Customers' webhooks: its threads do little but wait for others to answer.
    "hooks": [
        *CELERY, "worker", "--queues=hooks", "--pool=threads", "--concurrency=16",
        "--loglevel=WARNING",
    ],
    "beat": [
        *CELERY, "beat", f"--schedule={BEAT}", "--pidfile=", "--loglevel=WARNING",
    ],
    "migrate": [*MANAGE, "migrate_planes"],
}  # fmt: skip


def main(words: list[str]) -> int:
    """Become the process that is named; returns only for a tenant's own server."""
    match words:
        case [name] if name in COMMANDS:
            os.execv(COMMANDS[name][0], COMMANDS[name])  # noqa: S606 - no shell is meant
        case ["tenant"]:
            # The first process of a container is deaf to signals that it does not name.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            given = references.resolved(os.environ, int(PORT))
            environment = handover.environment(given)
            setup.set_up(environment)
            return serving.serve(environment, f"--bind=0.0.0.0:{PORT}")
        case ["serve", *rest]:
            return serving.serve(os.environ, *rest)
    names = ", ".join([*COMMANDS, "tenant"])
    print(f"container: name one of {names}", file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BadHandover, references.NotThereYet, setup.NotReady) as refusal:
        sys.exit(f"container: {refusal}")
