"""What agents of the control plane propose: a list, and the way to the object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models
from django.urls import reverse

from agents.actions.proposals import DeclineProposal
from agents.models import Proposal
from agents.states import ProposalState
from paybill_site.kernel import planes
from paybill_site.kernel.actions import registry
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.admin.verbs import waiting


@operators.register(Proposal)
class ProposalAdmin(VerbAdmin[Proposal]):
    """Who agrees opens the object and does the verb there; that closes the proposal."""

    list_display = ("words", "target", "agent", "why", "state_badge", "created_at")
    list_filter = ("state", "action")
    search_fields = ("public_id", "target", "why")
    list_select_related = ("agent",)
    verbs = (DeclineProposal,)
    bulk_verbs = (DeclineProposal,)

    def words(self, obj: Proposal) -> str:
        verb = registry.get(obj.action)
        return verb.label() if verb else obj.action

    def related(self, obj: Proposal) -> Iterable[tuple[str, models.Model | None]]:
        return [("what it is about", _row(obj)), ("agent", obj.agent)]


def _row(proposal: Proposal) -> Any:
    label, _, public_id = proposal.target.partition(":")
    rows: Any = apps.get_model(label)._default_manager
    return rows.filter(public_id=public_id).first()


@waiting
def proposals(actor: Actor) -> Iterable[dict[str, Any]]:
    """What agents propose, for whoever may say no; tenants have no list of it."""
    if planes.here() != planes.CONTROL or not actor.may(DeclineProposal.permission):
        return
    rows = Proposal.objects.visible_to(actor).filter(state=ProposalState.OPEN)
    if count := rows.count():
        address = reverse("admin:agents_proposal_changelist")
        yield {
            "title": "Agents propose: do it, or decline",
            "count": count,
            "url": f"{address}?state__exact=open",
            "tone": "info",
        }
