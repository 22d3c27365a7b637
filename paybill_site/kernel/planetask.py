"""The base of every Celery task: it runs in the plane from which it was sent.

The message carries the tenant's public id, not a schema: the tenant may have moved
while the message waited. A tenant that is gone makes the task fail before a line of
it runs. A message without a plane is refused on both sides.
"""

from __future__ import annotations

from typing import Any

from celery import Task

from paybill_site.kernel import planes
from paybill_site.kernel.planes import CONTROL, Place, WrongPlane

HEADER = "plane"
IN_CONTROL = "control"


class UnknownTenant(LookupError):
    """A message names a tenant that has no place (any more); nothing was run."""


class PlaneTask(Task):  # type: ignore[type-arg]
    """Stamps a message with the plane it is sent from, and enters it to run."""

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the task; from nowhere only with ``headers={"plane": ...}``."""
        headers = dict(options.pop("headers", None) or {})
        if HEADER not in headers:
            headers[HEADER] = address()
        return super().apply_async(*args, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        with planes.plane(resolve(self._address())):
            return super().__call__(*args, **kwargs)

    def _address(self) -> str:
        # Custom headers are kept on the request, or merged into it by the broker.
        headers = self.request.headers or {}
        return headers.get(HEADER) or getattr(self.request, HEADER, None) or ""


def address() -> str:
    """The entered plane as a message names it; raises WrongPlane from nowhere."""
    place = planes.here()
    if place.schema == CONTROL.schema:
        return IN_CONTROL
    if not place.tenant:
        raise WrongPlane(f"a task was sent from {place}, which no message can name")
    return place.tenant


def resolve(name: str) -> Place:
    """Turn the name in a message into a place; raises UnknownTenant."""
    if name == IN_CONTROL:
        return CONTROL
    place = planes.place_of(name) if name else None
    if place is None:
        raise UnknownTenant(name or "the message names no plane")
    return place
