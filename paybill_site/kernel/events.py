"""Events: frozen facts with a typed payload, emitted inside an action.

The docstring of an event is its documentation. Handlers live in the apps and are
bound to events with ``@handles``; each gets a delivery row of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from paybill_site.kernel import acts

registry: dict[str, type[Event]] = {}


class Event(BaseModel):
    """A fact; subclasses live in ``events.py``, fields are ids and plain values."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str]
    from_tenants: ClassVar[bool] = False  # may the control plane take it from a tenant?

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        app = cls.__module__.split(".")[-2]
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.name = f"{app}.{snake}"
        registry[cls.name] = cls

    @property
    def stream(self) -> str:
        """Deliveries of one stream to one handler keep their order; "" has none."""
        return str(getattr(self, "tenant", ""))

    @property
    def due(self) -> datetime | None:
        """Not delivered before; None is at once. One that waits has no stream."""
        return None


def emit(event: Event) -> None:
    """Add an event to the act that is going on; it commits with the effect."""
    acts.current().events.append(event)


class Where(StrEnum):
    """The plane in which a handler runs: where its event was, or the control plane."""

    HERE = "here"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Handler:
    name: str
    event: type[Event]
    run: Callable[[Any, str], None]
    where: Where
    in_tenants: bool


handlers: dict[str, Handler] = {}


def handles[E: Event](
    event: type[E], *, where: Where = Where.HERE, in_tenants: bool = False
) -> Callable[[Callable[[E, str], None]], Callable[[E, str], None]]:
    """Bind ``function(event, delivery_id)`` to an event.

    The delivery id is the idempotency key of what the handler does: it runs at
    least once, outside any transaction. ``in_tenants``: also for events of tenant
    planes (else only for those of the control plane).
    """

    def bind(function: Callable[[E, str], None]) -> Callable[[E, str], None]:
        module = function.__module__.split(".")[-2]
        name = f"{module}.{function.__name__}"
        handlers[name] = Handler(name, event, function, where, in_tenants)
        return function

    return bind


def handlers_of(event: Event, *, in_tenant: bool) -> list[Handler]:
    """Handlers that take this event from a plane of this kind, in name order."""
    return sorted(
        (
            handler
            for handler in handlers.values()
            if isinstance(event, handler.event)
            and (handler.in_tenants or not in_tenant)
        ),
        key=lambda handler: handler.name,
    )
