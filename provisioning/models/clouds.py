"""Clouds that Paybill may build in, and the address ranges given out there."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.crypto import EncryptedText
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.states import AccountState, Cloud, Health, Method


class CloudAccount(models.Model):
    """An account at a cloud, and how Paybill gets in: short-lived means first.

    ``identities`` names, for each of plan, apply and read, who Paybill becomes there
    (a role ARN, a client id, a service account, a trusted profile). ``details`` are
    facts that stacks need (project, subscription, compartment, zone, shared network).
    Nothing in either is a secret; a static key is in ``secret`` only.
    """

    public_id = PublicId("cla")
    name = models.CharField(max_length=80, unique=True)
    cloud = models.CharField(max_length=10, choices=Cloud.choices)
    simulation = models.BooleanField(
        default=False, help_text="a simulator answers; data stays on this machine"
    )
    endpoint = models.CharField(
        max_length=200, blank=True, help_text="address of the simulator"
    )
    method = models.CharField(
        max_length=10, choices=Method.choices, default=Method.FEDERATED
    )
    identities = models.JSONField(default=dict, blank=True)
    details = models.JSONField(default=dict, blank=True)
    secret = EncryptedText(blank=True, default="")
    regions = models.JSONField(default=list, help_text="where it may build")
    address_pool = models.CharField(
        max_length=43,
        blank=True,
        help_text="CIDR from which the networks of silos are given out",
    )
    network_prefix = models.PositiveSmallIntegerField(
        default=22, help_text="length of the prefix of each network"
    )
    most_deployments = models.PositiveIntegerField(null=True, blank=True)
    at_once = models.PositiveIntegerField(
        default=4, help_text="runs at the same time, at most"
    )
    state = models.CharField(
        max_length=10, choices=AccountState.choices, default=AccountState.ACTIVE
    )
    health = models.CharField(
        max_length=10,
        choices=Health.choices,
        default=Health.UNTRIED,
        help_text="what the last test against the cloud itself said",
    )
    health_said = models.TextField(blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["name"]
        permissions = [
            ("test_cloudaccount", "Can try an account against its cloud"),
            ("pause_cloudaccount", "Can pause an account"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (simulated)" if self.simulation else self.name

    @property
    def plan_identity(self) -> str:
        return str(self.identities.get("plan", ""))

    @property
    def apply_identity(self) -> str:
        return str(self.identities.get("apply", ""))

    @property
    def read_identity(self) -> str:
        return str(self.identities.get("read", ""))


class Network(models.Model):
    """A line of the ledger of address ranges: slot ``n`` of the account's pool.

    A slot is held until the deployment is proved to be gone, so that networks that
    may be joined one day never overlap.
    """

    account = models.ForeignKey(
        CloudAccount, on_delete=models.PROTECT, related_name="networks"
    )
    deployment = models.OneToOneField(
        "provisioning.Deployment", on_delete=models.PROTECT, related_name="network"
    )
    slot = models.PositiveIntegerField()
    cidr = models.CharField(max_length=43)
    released_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["account", "slot"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "slot"],
                condition=models.Q(released_at=None),
                name="network_slot_once",
            ),
        ]

    def __str__(self) -> str:
        return self.cidr
