"""A key, and a webhook with a message that was tried."""

from __future__ import annotations

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.hooks.actions import AddEndpoint, SendTest
from tenants.keys.actions import CreateKey
from tenants.models import Account, WebhookAttempt


def furnish(account: Account, owner: Actor) -> None:
    """As an owner makes them. Nobody is called: the address is one of documentation."""
    asked = {"name": "CI", "scopes": ["billing:read"]}
    perform(CreateKey, account, asked, actor=owner)
    led = {"url": "https://93.184.216.34/hook", "types": ["*"]}
    endpoint = perform(AddEndpoint, account, led, actor=owner).result
    message = perform(SendTest, endpoint, actor=owner).result
    WebhookAttempt.objects.create(message=message, number=1, milliseconds=5)
