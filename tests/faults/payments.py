"""A worker and a web server of payments, killed where a story wants it.

    python -m tests.faults.payments work POINT
    python -m tests.faults.payments hear POINT BODY SIGNATURE

``work`` delivers what is due, ``hear`` takes one webhook; each in a process of its own,
in the database that the environment names. At POINT the process kills itself with -9:
nothing of it runs after that, no handler, no rollback but the server's own.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

DATABASE = "PAYBILL_TEST_DATABASE"


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def before(function: Callable[..., Any]) -> Callable[..., Any]:
    """Killed when it is about to be called."""
    return die


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    """Killed when it is done, before anybody learns of it."""

    def killed(*given: Any, **named: Any) -> Any:
        function(*given, **named)
        return die()

    return killed


def on_charging(wrap: Callable[..., Any]) -> Callable[..., Any]:
    """Only where money is asked for; what goes before is let through."""

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        struck = wrap(call)

        def watch(method: str, url: Any, **options: Any) -> Any:
            charges = method == "POST" and url.path == "/v1/payment_intents"
            return (struck if charges else call)(method, url, **options)

        return watch

    return wrapped


def on_settling(wrap: Callable[..., Any]) -> Callable[..., Any]:
    """Only when what these stories are about was delivered."""

    def wrapped(settle: Callable[..., Any]) -> Callable[..., Any]:
        struck = wrap(settle)

        def watch(delivery: Any, *given: Any, **named: Any) -> Any:
            ours = delivery.handler in {"gateways.charge", "incoming.follow"}
            return (struck if ours else settle)(delivery, *given, **named)

        return watch

    return wrapped


# What is replaced, and by what: module, name, wrapper.
WEB, OUTBOX = "paybill_site.kernel.web", "paybill_site.kernel.outbox"
HEARD, FOLLOWED = "billing.incoming.actions", "billing.incoming.handlers"
POINTS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "before the gateway is asked": (WEB, "call", on_charging(before)),
    "before its answer is read": (WEB, "call", on_charging(after)),
    "before the answer is recorded": ("billing.outcomes", "record", before),
    "while the answer is recorded": ("billing.outcomes", "arrive", after),
    "after the answer is recorded": (OUTBOX, "_settle", on_settling(before)),
    "while the webhook is stored": (f"{HEARD}.events", "emit", after),
    "before the webhook is answered": ("billing.incoming.views", "perform", after),
    "before the notice is noted": (f"{FOLLOWED}.NoteIncoming", "run", before),
}


def strike(point: str) -> None:
    """Put the mine where the story wants it; "" is nowhere."""
    if not point:
        return
    from django.utils.module_loading import import_string  # noqa: PLC0415

    module, name, wrap = POINTS[point]
    try:
        place = __import__(module, fromlist=[name])
    except ModuleNotFoundError:
        place = import_string(module)
    setattr(place, name, wrap(getattr(place, name)))


def main() -> None:
    import django  # noqa: PLC0415 - the environment decides the settings

    django.setup()
    from django.db import connections  # noqa: PLC0415

    from paybill_site.kernel import outbox  # noqa: PLC0415
    from paybill_site.kernel.planes import CONTROL, plane  # noqa: PLC0415
    from tests.cast import browser  # noqa: PLC0415

    connections["default"].settings_dict["NAME"] = os.environ[DATABASE]
    what, point, *given = sys.argv[1:]
    strike(point)
    with plane(CONTROL):
        if what == "work":
            while outbox.drain():
                pass
            return
        body, signed = given
        answer = browser().post(
            "/hooks/stripe/",
            body.encode(),
            content_type="application/json",
            headers={"Stripe-Signature": signed},
        )
    sys.exit(0 if answer.status_code == 204 else 1)


if __name__ == "__main__":
    main()
