"""What agents asked for, kept whole for a while, so that it can be decided again."""

from __future__ import annotations

from django.db import models

from paybill_site.kernel.crypto import EncryptedText
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class RecordedCall(models.Model):
    """One decided call of an acting tool, beside its audit entry.

    The audit trail leaves sensitive arguments out and stays for ever; here they stand
    sealed, and only as long as the history of rows does.
    """

    public_id = PublicId("rec")
    run = models.CharField(max_length=40, blank=True, help_text="of a workflow")
    agent = models.CharField(max_length=40)
    token = models.CharField(max_length=40, blank=True)
    action = models.CharField(max_length=100)
    target = models.CharField(max_length=120, blank=True)
    data = EncryptedText()
    key = models.CharField(max_length=200, blank=True)
    approval = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=20)
    rule = models.CharField(max_length=80, blank=True, help_text="why it was refused")
    mark = models.BigIntegerField(help_text="newest note of rows that it could see")
    snapshot = models.TextField(help_text="which transactions were over for it")
    tx = models.BigIntegerField(
        null=True, help_text="PostgreSQL's number of its effect"
    )
    at = models.DateTimeField(help_text="when its transaction began")

    objects = VisibleManager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["run", "id"], name="recorded_call_of_run"),
            models.Index(fields=["at"], name="recorded_call_age"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.outcome}"
