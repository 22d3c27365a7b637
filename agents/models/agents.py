"""Agents and the tokens by which they say who they are."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from agents.states import AgentState
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class Agent(models.Model):
    """A program that acts here under its own name.

    What it may do stands with its principal: permissions in the whole plane, and
    django-guardian's grants on single rows. The principal can not log in.
    """

    public_id = PublicId("agt")
    name = models.CharField(max_length=80, unique=True)
    purpose = models.CharField(max_length=300, blank=True)
    state = models.CharField(
        max_length=10, choices=AgentState.choices, default=AgentState.ACTIVE
    )
    principal = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="agent"
    )
    owner = models.CharField(max_length=80, help_text="public id of who answers for it")
    client = models.OneToOneField(
        "allauth_idp_oidc.Client",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="agent",
        help_text="the OAuth client that is this agent",
    )
    client_by = models.CharField(
        max_length=80,
        blank=True,
        editable=False,
        help_text="who was shown the secret of the client",
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    # Of an OAuth client, when it was just made. Never stored.
    secret: str = ""

    class Meta:
        ordering = ["name"]
        permissions = [
            ("stop_agent", "Can stop agent"),
            ("resume_agent", "Can resume agent"),
            ("issue_token", "Can issue token of agent"),
            ("open_session", "Can open session of agent"),
            ("register_client", "Can register OAuth client of agent"),
            ("grant_access", "Can grant access to agent"),
            ("revoke_access", "Can revoke access of agent"),
        ]

    def __str__(self) -> str:
        return self.name


class AgentToken(models.Model):
    """A bearer token: only its digest is kept, and its scopes only narrow."""

    public_id = PublicId("tok")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=16, help_text="how the token begins")
    scopes = models.JSONField(default=list, help_text="permissions it can use")
    per_minute = models.PositiveIntegerField(
        default=120, help_text="calls that it may make in a minute"
    )
    # A conversation with one customer, a task: what rules and bindings refer to.
    session = models.JSONField(
        default=dict, blank=True, help_text="names and values that rules refer to"
    )
    delegation = models.ForeignKey(
        "agents.Delegation",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tokens",
    )
    # Of OAuth: where alone it counts, and what it comes from (a consent, or a client's
    # secret), which gives a new token whenever it is asked to.
    audience = models.CharField(max_length=300, blank=True, editable=False)
    family = models.CharField(max_length=40, blank=True, editable=False, db_index=True)
    issued_by = models.CharField(
        max_length=80,
        blank=True,
        editable=False,
        help_text="who was shown the secret: they can ask as the agent",
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    # What the caller of IssueToken is shown once. Never stored.
    secret: str = ""
    refresh: str = ""

    class Meta:
        verbose_name = "token"
        ordering = ["-id"]
        permissions = [("revoke_agenttoken", "Can revoke token")]

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @property
    def counted(self) -> str:
        """The name under which its use is counted: refreshing it is no fresh start."""
        return self.family or self.public_id

    @property
    def status(self) -> str:
        """One of "revoked", "expired" or "active", as far as the token itself goes."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.expires_at > timezone.now() else "expired"
