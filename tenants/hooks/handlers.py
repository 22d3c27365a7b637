"""From an event to the messages that tell of it; and the mail when nobody listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paybill_site.kernel.events import Event, handles
from paybill_site.kernel.models import Delivery
from tenants import mails
from tenants.events import EndpointUnplugged, MessagesDue
from tenants.hooks import catalogue, messages, tasks
from tenants.hooks.catalogue import Payload


def publishes[E: Event](event: type[E], name: str, payload: Payload[E]) -> None:
    """Let accounts be told of ``event`` as type ``name`` (``invoice.paid``).

    ``payload(event)`` returns the Fact, or None where there is nobody to tell. Raises
    ValueError for a name that is taken and TypeError for a payload without its class.
    """
    description = " ".join((event.__doc__ or "").split("\n\n")[0].split())
    catalogue.declare(name, description, catalogue.fact_of(payload))
    handles(event)(_publisher(name, payload))


def _publisher(name: str, payload: Payload[Any]) -> Callable[[Event, str], None]:
    def publish(event: Event, delivery_id: str) -> None:
        fact = payload(event)
        if fact is not None:
            at = Delivery.objects.get(public_id=delivery_id).event.at
            tasks.wake(messages.tell(name, fact, at, delivery_id))

    # By its name the delivery finds its handler, also after a restart.
    publish.__name__ = f"publish_{name.replace('.', '_')}"
    return publish


@handles(MessagesDue)
def send_what_is_due(event: MessagesDue, delivery_id: str) -> None:
    """Somebody asked for a test, or for something to be sent again."""
    tasks.sweep_hooks()


@handles(EndpointUnplugged)
def mail_unplugged(event: EndpointUnplugged, delivery_id: str) -> None:
    """Whoever manages the account learns that nothing is told any more."""
    mails.unplugged(event.endpoint, delivery_id)
