"""Tenants, where they live, and what they are entitled to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower, Now
from django_tenants.models import DomainMixin, TenantMixin

from paybill_site.kernel.crypto import EncryptedText
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.planes import Place
from paybill_site.kernel.querysets import VisibleManager
from tenants.models.accounts import Account
from tenants.states import (
    EntitlementState,
    Isolation,
    PlacementState,
    Suspension,
    TenantState,
)


class Tenant(models.Model):  # type: ignore[django-manager-missing]  # as Placement
    """What a customer runs: the business noun. It may be a draft without a place."""

    account_path = "account"

    public_id = PublicId("ten")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="tenants"
    )
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=40, help_text="first part of its address")
    slug_skeleton = models.CharField(
        max_length=40, editable=False, help_text="what a reader takes the slug for"
    )
    state = models.CharField(
        max_length=20, choices=TenantState.choices, default=TenantState.DRAFT
    )
    suspension = models.CharField(
        max_length=10,
        choices=Suspension.choices,
        default=Suspension.NONE,
        blank=True,
        help_text="who closed it, and so who opens it again",
    )
    simulated = models.BooleanField(
        default=False, help_text="on a simulated cloud; the data is on this machine"
    )
    created_at = models.DateTimeField(db_default=Now())
    live_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("slug"),
                condition=~models.Q(state="closed"),
                name="tenant_slug_once",
                violation_error_message="This address is taken.",
            ),
            models.UniqueConstraint(
                fields=["slug_skeleton"],
                condition=~models.Q(state="closed"),
                name="tenant_look_alike_once",
                violation_error_message="This address reads like one that is taken.",
            ),
        ]
        permissions = [
            (f"{verb}_tenant", f"Can {verb} a tenant")
            for verb in (
                "enter",
                "activate",
                "suspend",
                "resume",
                "close",
                "finish_closing",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Placement(TenantMixin):  # type: ignore[misc]  # publishes no types
    """Where a tenant lives: an alias and a schema, or a base address of its own.

    django-tenants' tenant model. Pooled placements are made ahead and nobody's until
    they are claimed; ``schema_name`` is opaque and never renamed.
    """

    auto_create_schema = False
    account_path = "tenant__account"

    public_id = PublicId("plc")
    tenant = models.ForeignKey(
        Tenant,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="placements",
    )
    kind = models.CharField(max_length=10, choices=Isolation.choices)
    state = models.CharField(
        max_length=10, choices=PlacementState.choices, default=PlacementState.WARM
    )
    alias = models.CharField(max_length=60, default="default")
    dsn = EncryptedText(
        blank=True, default="", help_text="how to reach a bridge database"
    )
    base_url = models.URLField(blank=True, help_text="address of a silo's server")
    template = models.CharField(
        max_length=64, blank=True, help_text="hash of the migrations it was made with"
    )
    made_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = VisibleManager()

    class Meta:
        indexes = [
            models.Index(
                fields=["template", "id"],
                condition=models.Q(state="warm"),
                name="placement_warm",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(state="taken"),
                name="one_place_per_tenant",
            ),
        ]
        permissions = [
            ("claim_placement", "Can take a ready place from the pool"),
            ("attach_placement", "Can give a tenant a place that was built for it"),
            ("retire_placement", "Can retire a place"),
            ("follow_database", "Can note a new log-in of a place's database"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.schema_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row alone; TenantMixin would create and migrate a schema here."""
        models.Model.save(self, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Delete the row alone; TenantMixin would ask for the schema as well."""
        return models.Model.delete(self, *args, **kwargs)

    @property
    def place(self) -> Place:
        """The plane to enter. Only pooled and bridge placements have one here."""
        owner = self.tenant.public_id if self.tenant else ""
        return Place(self.alias, self.schema_name, owner)


class Domain(DomainMixin):  # type: ignore[misc]  # publishes no types
    """A host name and the placement that serves it (``tenant`` in django-tenants)."""

    account_path = "tenant__tenant__account"

    public_id = PublicId("dom")
    port = models.PositiveIntegerField(
        null=True, blank=True, help_text="of a silo on this machine"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[Any] = VisibleManager()

    def __str__(self) -> str:
        return str(self.domain)


class Entitlement(models.Model):
    """What a tenant's subscription grants; written by billing in its transaction."""

    account_path = "tenant__account"

    public_id = PublicId("ent")
    tenant = models.OneToOneField(
        Tenant, on_delete=models.CASCADE, related_name="entitlement"
    )
    state = models.CharField(
        max_length=10,
        choices=EntitlementState.choices,
        default=EntitlementState.NONE,
    )
    plan = models.CharField(max_length=60, blank=True, help_text="code of the plan")
    isolation = models.CharField(
        max_length=10, choices=Isolation.choices, default=Isolation.POOLED
    )
    size = models.CharField(max_length=20, default="small")
    region = models.CharField(max_length=40, default="local")
    cloud = models.CharField(max_length=20, default="local")
    retention_days = models.PositiveIntegerField(
        default=30, help_text="data is kept after the end"
    )
    backup_days = models.PositiveIntegerField(default=30, help_text="a backup is kept")
    features = models.JSONField(default=dict, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    reason = models.CharField(
        max_length=20, blank=True, help_text="why it is in this state"
    )
    version = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    ended_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="from here on what was built is kept for a while",
    )

    objects: ClassVar[Any] = VisibleManager()

    class Meta:
        permissions = [("renew_licence", "Can issue a tenant's licence anew")]

    def __str__(self) -> str:
        return f"{self.plan or 'no plan'} ({self.state})"

    @property
    def kept_until(self) -> datetime | None:
        """When what is left of a tenant whose subscription ended is taken away."""
        if self.ended_at is None:
            return None
        return self.ended_at + timedelta(days=self.retention_days)
