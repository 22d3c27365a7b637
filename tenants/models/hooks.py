"""Where an account wants to be told of what happens, and what it was told."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.crypto import EncryptedText
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from tenants.models.accounts import Account
from tenants.states import EndpointState, MessageState, Unplugged


class WebhookEndpoint(models.Model):
    """An address of a customer's that is told of chosen types of events.

    ``secret`` signs; ``former_secret`` signs beside it until ``former_until``, so that
    the receiver can change over without missing anything.
    """

    account_path = "account"

    public_id = PublicId("whe")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="webhook_endpoints"
    )
    url = models.CharField(max_length=500, help_text="https address that is told")
    description = models.CharField(max_length=120, blank=True)
    types = models.JSONField(default=list, help_text="types of events; * is all")
    state = models.CharField(
        max_length=10, choices=EndpointState.choices, default=EndpointState.ENABLED
    )
    disabled_because = models.CharField(
        max_length=10, choices=Unplugged.choices, default=Unplugged.NOT, blank=True
    )
    secret = EncryptedText()
    former_secret = EncryptedText(blank=True, default="")
    former_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text="first failure after the last success"
    )
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="it asked to be left alone until then"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    # What the caller who adds it or makes a new secret is shown once.
    fresh_secret: str = ""
    # How many messages ResendFailed put back.
    resent: int = 0

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("rotate_webhook_secret", "Can make a new signing secret of a webhook"),
            ("test_webhookendpoint", "Can send a test event to a webhook"),
            ("unplug_webhookendpoint", "Can disable a webhook that does not answer"),
        ]

    def __str__(self) -> str:
        return self.description or self.url


class WebhookMessage(models.Model):
    """One event as one endpoint is told it, by the same id however often it is sent.

    ``failures`` counts from when it was made or sent again by hand; ``attempts`` counts
    all. Whoever sends it holds it until ``claimed_until``.
    """

    account_path = "endpoint__account"

    public_id = PublicId("msg")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="messages"
    )
    type = models.CharField(max_length=60)
    body = models.TextField(help_text="the JSON that is signed and sent")
    key = models.CharField(max_length=100, help_text="what caused it")
    state = models.CharField(
        max_length=10, choices=MessageState.choices, default=MessageState.PENDING
    )
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [("resend_webhookmessage", "Can have a webhook sent again")]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "key"], name="webhook_message_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_at"],
                condition=models.Q(state="pending"),
                name="webhook_message_due",
            ),
            models.Index(fields=["endpoint", "state"], name="webhook_message_state"),
        ]

    def __str__(self) -> str:
        return f"{self.type} ({self.state})"


class WebhookAttempt(models.Model):
    """One time that a message was sent, and what came back."""

    account_path = "message__endpoint__account"

    public_id = PublicId("wha")
    message = models.ForeignKey(
        WebhookMessage, on_delete=models.CASCADE, related_name="tried"
    )
    number = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="HTTP status; none when nobody answered"
    )
    milliseconds = models.PositiveIntegerField()
    said = models.CharField(
        max_length=300, blank=True, help_text="how the answer begins, secrets masked"
    )
    at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "number"], name="webhook_attempt_once"
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.status or 'no answer'}"
