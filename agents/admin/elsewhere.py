"""What the pages of other things say of agents: who can touch them, their runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.http import urlencode

from agents.access import who
from agents.workflows import people
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import further, neighbouring


@neighbouring
def touching(actor: Actor, obj: Any) -> Iterable[tuple[str, str]]:
    """For whoever may see agents: which of them can do something with this object."""
    if actor.may("agents.view_agent") and who.permissions_of(type(obj)):
        asked = urlencode({"object": obj.public_id})
        yield "who can touch it", f"{reverse('admin:agents_touching')}?{asked}"


@neighbouring
def runs(actor: Actor, obj: Any) -> Iterable[tuple[str, str]]:
    """For whoever may see runs: those about this object."""
    if actor.may("agents.view_workflowrun") and people.starts(type(obj)):
        asked = urlencode({"q": obj.public_id})
        address = reverse("admin:agents_workflowrun_changelist")
        yield "workflow runs", f"{address}?{asked}"


@further
def starts(model: type[models.Model]) -> Iterable[AnyAction]:
    """Workflows are begun on the page of what they are about."""
    return people.starts(model)
