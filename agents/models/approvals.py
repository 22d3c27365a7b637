"""What waits for a person's yes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models.agents import Agent
from agents.models.own import OwnRowsManager
from agents.models.workflows import WorkflowRun
from agents.states import ApprovalState
from paybill_site.kernel.crypto import EncryptedText
from paybill_site.kernel.ids import PublicId


class Approval(models.Model):
    """A call that may happen once a person said yes, exactly as it was shown.

    ``digest`` is taken of tool, arguments, target versions and dry-run result; when it
    is another one at the time of use, the approval is void.
    """

    public_id = PublicId("apr")
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, related_name="approvals"
    )
    run = models.ForeignKey(
        WorkflowRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="approvals",
    )
    step = models.CharField(max_length=60, blank=True)
    tool = models.CharField(max_length=100)
    target = models.CharField(max_length=120, blank=True)
    action = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict, help_text="without secrets")
    sealed = EncryptedText(help_text="the whole arguments, as they will be used")
    via = models.CharField(max_length=80, help_text="the token it was asked with")
    key = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    shown = models.JSONField(
        default=dict, help_text="versions, changes and events of the dry run"
    )
    state = models.CharField(
        max_length=10, choices=ApprovalState.choices, default=ApprovalState.WAITING
    )
    asked_by = models.CharField(max_length=80)
    behalf = models.CharField(
        max_length=80, blank=True, help_text="the person for whom the agent acts"
    )
    standing = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="digest of the session and the person it was asked under",
    )
    why = models.CharField(
        max_length=300, blank=True, help_text="why a person has to agree"
    )
    outcome = models.CharField(
        max_length=300, blank=True, help_text="why it came to its present state"
    )
    result = models.JSONField(null=True, blank=True, help_text="what the call gave")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = OwnRowsManager()

    # Whoever uses or ends an approval changes its run, too: that is locked first.
    locked_after = "run"

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "asked_by"],
                condition=Q(state__in=["waiting", "approved"]),
                name="one_open_approval",
            ),
            models.UniqueConstraint(
                fields=["asked_by", "standing", "key"], name="approval_once_per_key"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(state__in=["waiting", "approved"]),
                name="approval_open",
            )
        ]
        permissions = [
            ("decide_approval", "Can approve what agents ask for"),
            ("revoke_approval", "Can take back what somebody else approved"),
            ("withdraw_approval", "Can withdraw its own request for an approval"),
            ("settle_approval", "Can expire, void and use approvals"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.public_id[-6:]}"
