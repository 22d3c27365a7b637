"""Keys by which an account's own programs use the API."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from tenants.models.accounts import Account


class ApiKey(models.Model):
    """A bearer key of an account: only its digest is kept, and it only narrows.

    What it may do is what its maker may do in the account at that moment, within its
    scopes; when the maker leaves the account, the key opens nothing any more.
    """

    account_path = "account"

    public_id = PublicId("apk")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="api_keys"
    )
    name = models.CharField(max_length=80)
    made_by = models.CharField(max_length=40, help_text="public id of the person")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=16, help_text="how the key begins")
    scopes = models.JSONField(default=list, help_text="what it may be used for")
    per_minute = models.PositiveIntegerField(
        default=600, help_text="requests that it may make in a minute"
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    # What the caller of CreateKey is shown once. Never stored.
    secret: str = ""

    class Meta:
        verbose_name = "API key"
        ordering = ["-id"]
        permissions = [("revoke_apikey", "Can revoke an API key")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def status(self) -> str:
        """One of "revoked", "expired" or "active", as far as the key itself goes."""
        if self.revoked_at is not None:
            return "revoked"
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return "expired" if expired else "active"
