"""Mails about tenants, invitations and webhooks; sent by handlers alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from tenants import entry
from tenants.actions.members import token_for
from tenants.models import (
    Domain,
    Invitation,
    Membership,
    Tenant,
    WebhookEndpoint,
)
from tenants.states import InvitationState, PlacementState, Role


def to_owners(name: str, tenant_id: str, delivery_id: str) -> None:
    """Tell every owner of a tenant's account what happened to the tenant."""
    tenant = Tenant.objects.select_related("account").get(public_id=tenant_id)
    owners = Membership.objects.filter(account=tenant.account, role=Role.OWNER)
    context = {
        "tenant": tenant,
        "url": url_of(tenant),
        "portal": f"{settings.PAYBILL_BASE_URL}/tenants/{tenant.public_id}/",
    }
    for owner in owners:
        _send(name, owner.email, context, f"{delivery_id}.{owner.public_id}")


def invitation(public_id: str, delivery_id: str) -> None:
    """Send the link that lets somebody join; nothing when it was withdrawn already."""
    row = (
        Invitation.objects.select_related("account")
        .filter(public_id=public_id, state=InvitationState.OPEN)
        .first()
    )
    if row is None:
        return
    link = f"{settings.PAYBILL_BASE_URL}/invitations/{quote(token_for(row))}/"
    _send("invitation", row.email, {"invitation": row, "link": link}, delivery_id)


def unplugged(public_id: str, delivery_id: str) -> None:
    """Tell owners and admins that one of the account's webhooks was disabled."""
    endpoint = WebhookEndpoint.objects.select_related("account").get(
        public_id=public_id
    )
    people = Membership.objects.filter(
        account=endpoint.account, role__in=[Role.OWNER, Role.ADMIN]
    )
    address = reverse("portal:webhook", args=[public_id])
    context = {"endpoint": endpoint, "portal": f"{settings.PAYBILL_BASE_URL}{address}"}
    for person in people:
        _send("unplugged", person.email, context, f"{delivery_id}.{person.public_id}")


def url_of(tenant: Tenant) -> str:
    """The address of a tenant that has a place, else ""."""
    domain = Domain.objects.filter(
        tenant__tenant=tenant, tenant__state=PlacementState.TAKEN, is_primary=True
    ).first()
    return f"{entry.origin(domain)}/" if domain else ""


def _send(name: str, to: str, context: dict[str, Any], once: str) -> None:
    subject = render_to_string(f"tenants/mail/{name}_subject.txt", context)
    # The same delivery again has the same id, so a mail box can drop the repeat.
    host = settings.CONTROL_HOST or "paybill"
    EmailMessage(
        " ".join(subject.split()),
        render_to_string(f"tenants/mail/{name}.txt", context),
        to=[to],
        headers={"Message-ID": f"<{once}@{host}>"},
    ).send()
