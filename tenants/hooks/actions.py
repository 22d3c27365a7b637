"""What people do with their webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from django.utils import timezone
from pydantic import Field, field_validator

from paybill_site.kernel import events, web, webhooks
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.inputs import example
from tenants.errors import NotListening, TooManyEndpoints
from tenants.events import EndpointUnplugged, MessagesDue
from tenants.hooks import addresses, catalogue, messages, queue
from tenants.machines import ENDPOINT
from tenants.models import Account, WebhookEndpoint, WebhookMessage
from tenants.states import EndpointState, MessageState, Unplugged

MOST_ENDPOINTS = 20  # of an account
MOST_AGAIN = 5_000  # messages that one request sends again

type Types = tuple[Annotated[str, Field(max_length=60)], ...]


class EndpointInput(Input):
    model_config = example(
        {
            "url": "https://shop.example/paybill",
            "description": "Shop",
            "types": ["invoice.paid", "subscription.ended"],
        }
    )
    url: str = Field(
        min_length=8,
        max_length=500,
        title="Address",
        description="An https address that anybody on the Internet can reach.",
    )
    description: str = Field(default="", max_length=120, title="What it is for")
    types: Types = Field(
        min_length=1,
        max_length=100,
        title="Events",
        description="types of events, one in a line; * is every type",
    )

    @field_validator("url")
    @classmethod
    def _can_be_told(cls, value: str) -> str:
        try:
            addresses.check(value)
        except web.Refused as refusal:
            raise ValueError(refusal.detail) from refusal
        return value

    @field_validator("types")
    @classmethod
    def _are_known(cls, value: Types) -> Types:
        if not set(value) <= {catalogue.EVERY, *catalogue.names()}:
            raise ValueError("this is no type of events; GET /api/webhook-types")
        return tuple(sorted(set(value)))


class AddEndpoint(Action[Account, EndpointInput, WebhookEndpoint]):
    """Have an address told of events; its signing secret is shown this once."""

    model = Account
    Input = EndpointInput
    permission = "tenants.add_webhookendpoint"
    danger = Danger.CAREFUL

    def run(
        self, target: Account, data: EndpointInput, *, actor: Actor
    ) -> WebhookEndpoint:
        kept = target.webhook_endpoints.exclude(state=EndpointState.REMOVED)
        if kept.count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints(f"an account has at most {MOST_ENDPOINTS} webhooks")
        secret = webhooks.new_secret()
        made = WebhookEndpoint.objects.create(
            account=target,
            url=data.url,
            description=data.description,
            types=list(data.types),
            secret=secret,
        )
        made.fresh_secret = secret
        return made

    def recall(self, output: Mapping[str, Any]) -> WebhookEndpoint | None:
        rows = WebhookEndpoint._base_manager
        return rows.filter(public_id=output.get("id", "")).first()


class ChangeEndpoint(Action[WebhookEndpoint, EndpointInput, WebhookEndpoint]):
    """Change where a webhook leads and what it is told of."""

    model = WebhookEndpoint
    Input = EndpointInput
    permission = "tenants.change_webhookendpoint"
    danger = Danger.CAREFUL
    legal_in = frozenset({EndpointState.ENABLED, EndpointState.DISABLED})

    def run(
        self, target: WebhookEndpoint, data: EndpointInput, *, actor: Actor
    ) -> WebhookEndpoint:
        _not_removed(target)
        target.url, target.description = data.url, data.description
        target.types = list(data.types)
        target.save(update_fields=["url", "description", "types"])
        return target


class RotateSecret(Action[WebhookEndpoint, NoInput, WebhookEndpoint]):
    """Make a new signing secret, shown once; the old one signs for a day more."""

    model = WebhookEndpoint
    permission = "tenants.rotate_webhook_secret"
    danger = Danger.CAREFUL
    legal_in = frozenset({EndpointState.ENABLED, EndpointState.DISABLED})

    def run(
        self, target: WebhookEndpoint, data: NoInput, *, actor: Actor
    ) -> WebhookEndpoint:
        _not_removed(target)
        target.former_secret = target.secret
        target.former_until = timezone.now() + webhooks.OVERLAP
        target.secret = target.fresh_secret = webhooks.new_secret()
        target.save(update_fields=["secret", "former_secret", "former_until"])
        return target


class DisableEndpoint(Action[WebhookEndpoint, NoInput, WebhookEndpoint]):
    """Stop telling an address; what happens meanwhile is not kept for it."""

    model = WebhookEndpoint
    permission = "tenants.change_webhookendpoint"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({EndpointState.ENABLED})

    def run(
        self, target: WebhookEndpoint, data: NoInput, *, actor: Actor
    ) -> WebhookEndpoint:
        return _disable(target, Unplugged.HAND)


class EnableEndpoint(Action[WebhookEndpoint, NoInput, WebhookEndpoint]):
    """Tell a disabled address again, of what happens from now on."""

    model = WebhookEndpoint
    permission = "tenants.change_webhookendpoint"
    legal_in = frozenset({EndpointState.DISABLED})

    def run(
        self, target: WebhookEndpoint, data: NoInput, *, actor: Actor
    ) -> WebhookEndpoint:
        ENDPOINT.move(target, EndpointState.ENABLED)
        target.disabled_because = Unplugged.NOT
        target.failing_since = target.not_before = None
        target.save(update_fields=["disabled_because", "failing_since", "not_before"])
        return target


class RemoveEndpoint(Action[WebhookEndpoint, NoInput, WebhookEndpoint]):
    """Remove a webhook for good; its log is kept for 30 days."""

    model = WebhookEndpoint
    permission = "tenants.delete_webhookendpoint"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset({EndpointState.ENABLED, EndpointState.DISABLED})

    def run(
        self, target: WebhookEndpoint, data: NoInput, *, actor: Actor
    ) -> WebhookEndpoint:
        ENDPOINT.move(target, EndpointState.REMOVED)
        target.secret = target.former_secret = ""
        target.save(update_fields=["secret", "former_secret"])
        queue.give_up(target)
        return target


class UnplugInput(Input):
    because: Unplugged


class UnplugEndpoint(Action[WebhookEndpoint, UnplugInput, WebhookEndpoint]):
    """Disable an address that is gone or has not answered well for days."""

    model = WebhookEndpoint
    Input = UnplugInput
    permission = "tenants.unplug_webhookendpoint"
    danger = Danger.CAREFUL

    def run(
        self, target: WebhookEndpoint, data: UnplugInput, *, actor: Actor
    ) -> WebhookEndpoint:
        if target.state != EndpointState.ENABLED:  # two attempts found the same
            return target
        events.emit(
            EndpointUnplugged(
                account=target.account.public_id, endpoint=target.public_id
            )
        )
        return _disable(target, data.because)


class SendTest(Action[WebhookEndpoint, NoInput, WebhookMessage]):
    """Send an event of the type webhook.test, to see that it arrives."""

    model = WebhookEndpoint
    permission = "tenants.test_webhookendpoint"
    legal_in = frozenset({EndpointState.ENABLED})

    def run(
        self, target: WebhookEndpoint, data: NoInput, *, actor: Actor
    ) -> WebhookMessage:
        _enabled(target)
        fact = catalogue.TestFact(
            account=target.account.public_id, endpoint=target.public_id
        )
        text = messages.body(catalogue.TEST, fact, timezone.now())
        made = target.messages.create(type=catalogue.TEST, body=text, key=new_id("key"))
        events.emit(MessagesDue(endpoint=target.public_id))
        return made

    def recall(self, output: Mapping[str, Any]) -> WebhookMessage | None:
        rows = WebhookMessage._base_manager
        return rows.filter(public_id=output.get("id", "")).first()


class ResendMessage(Action[WebhookMessage, NoInput, WebhookMessage]):
    """Send a message again, under the id that it has."""

    model = WebhookMessage
    permission = "tenants.resend_webhookmessage"
    legal_in = frozenset({MessageState.DELIVERED, MessageState.FAILED})

    def run(
        self, target: WebhookMessage, data: NoInput, *, actor: Actor
    ) -> WebhookMessage:
        _enabled(target.endpoint)
        settled = WebhookMessage.objects.filter(pk=target.pk)
        if queue.again(settled.exclude(state=MessageState.PENDING)):
            events.emit(MessagesDue(endpoint=target.endpoint.public_id))
        target.refresh_from_db()
        return target


class SinceInput(Input):
    model_config = example({"since": "2026-11-21T18:00:00Z"})
    since: datetime = Field(
        title="Since",
        description="what failed and was written at or after this time, with its zone",
    )

    @field_validator("since")
    @classmethod
    def _has_a_zone(cls, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise ValueError("a time needs its zone, such as Z at its end")
        return value


class ResendFailed(Action[WebhookEndpoint, SinceInput, WebhookEndpoint]):
    """Send everything again that failed since a time, the oldest first."""

    model = WebhookEndpoint
    Input = SinceInput
    permission = "tenants.resend_webhookmessage"
    danger = Danger.CAREFUL
    legal_in = frozenset({EndpointState.ENABLED})

    def run(
        self, target: WebhookEndpoint, data: SinceInput, *, actor: Actor
    ) -> WebhookEndpoint:
        _enabled(target)
        failed = target.messages.filter(
            state=MessageState.FAILED, created_at__gte=data.since
        ).order_by("id")[:MOST_AGAIN]
        target.resent = queue.again(
            WebhookMessage.objects.filter(
                pk__in=list(failed.values_list("pk", flat=True))
            )
        )
        events.emit(MessagesDue(endpoint=target.public_id))
        return target

    def present(self, result: WebhookEndpoint) -> dict[str, Any]:
        return {**super().present(result), "resent": result.resent}


def _disable(endpoint: WebhookEndpoint, because: Unplugged) -> WebhookEndpoint:
    ENDPOINT.move(endpoint, EndpointState.DISABLED, reason=because.label)
    endpoint.disabled_because = because
    endpoint.save(update_fields=["disabled_because"])
    queue.give_up(endpoint)
    return endpoint


def _enabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.state != EndpointState.ENABLED:
        raise NotListening(f"this webhook is {endpoint.state}; enable it first")


def _not_removed(endpoint: WebhookEndpoint) -> None:
    if endpoint.state == EndpointState.REMOVED:
        raise NotListening("this webhook was removed")
