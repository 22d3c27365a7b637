"""What narrows or widens an agent's access beyond grants on single rows."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models.agents import Agent
from agents.states import BindingKind, RuleState
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class Held(models.Model):
    """Belongs to one agent, or to a role (group) and so to every agent in it."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, null=True, blank=True)
    role = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="why it is there")
    made_by = models.CharField(max_length=80, help_text="public id of who made it")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True

    @property
    def holder(self) -> str:
        return str(self.agent or self.role)


def one_holder(name: str) -> models.CheckConstraint:
    """Exactly one of agent and role."""
    return models.CheckConstraint(
        condition=Q(agent__isnull=True) ^ Q(role__isnull=True), name=name
    )


class Role(models.Model):
    """What several agents may do together. Its group holds the grants.

    The groups of people are others: no agent is put into them.
    """

    public_id = PublicId("rol")
    name = models.CharField(max_length=80, unique=True)
    purpose = models.CharField(max_length=300, blank=True)
    group = models.OneToOneField(
        Group, on_delete=models.PROTECT, related_name="agent_role"
    )
    made_by = models.CharField(max_length=80, help_text="public id of who made it")
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["name"]
        permissions = [
            ("grant_role", "Can grant access to role"),
            ("revoke_role", "Can revoke access of role"),
        ]

    def __str__(self) -> str:
        return self.name


class Rule(Held):
    """A permission on the rows that a typed filter matches, also those to come.

    ``conditions`` is a list of {"field", "lookup", "value"}, all of which hold; a value
    {"session": "customer"} is taken from the session that the token was issued for.
    """

    public_id = PublicId("rul")
    permission = models.CharField(max_length=100)
    conditions = models.JSONField(default=list)
    state = models.CharField(
        max_length=10, choices=RuleState.choices, default=RuleState.SHADOW
    )
    version = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [one_holder("rule_of_agent_or_role")]
        permissions = [
            ("activate_rule", "Can activate rule"),
            ("shadow_rule", "Can put rule in shadow"),
            ("retire_rule", "Can retire rule"),
        ]

    def __str__(self) -> str:
        return f"{self.permission} for {self.holder}"


class Binding(Held):
    """Fixes or narrows an argument of a tool.

    ``kind`` fixed: the argument is ``value`` (or {"session": name}) and the caller can
    not say it; listed: one of the list; at_most, at_least: a number within.
    """

    public_id = PublicId("bnd")
    tool = models.CharField(max_length=100)
    argument = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=BindingKind.choices)
    value = models.JSONField()

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [one_holder("binding_of_agent_or_role")]

    def __str__(self) -> str:
        return f"{self.tool}.{self.argument} {self.kind}"


class EgressEntry(models.Model):
    """An address outside that agents' arguments may name: a host, or a mail domain."""

    public_id = PublicId("egr")
    agent = models.ForeignKey(
        Agent,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text="nobody in particular: every agent",
    )
    address = models.CharField(max_length=253, help_text="host, or @mail.domain")
    note = models.CharField(max_length=300, blank=True)
    made_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        verbose_name_plural = "egress entries"
        ordering = ["address"]
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "address"], nulls_distinct=False, name="egress_once"
            )
        ]

    def __str__(self) -> str:
        return self.address


class Switch(models.Model):
    """The kill switch of a plane: while a row stands, no agent does anything here."""

    public_id = PublicId("swt")
    name = models.CharField(max_length=20, unique=True, help_text="what is off")
    reason = models.CharField(max_length=300)
    by = models.CharField(max_length=80)
    at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        verbose_name_plural = "switches"
        ordering = ["name"]
        permissions = [
            ("throw_switch", "Can stop all agents"),
            ("release_switch", "Can let agents act again"),
        ]

    def __str__(self) -> str:
        return self.name


class SwitchTurn(models.Model):
    """The newest move of the installation's switch that this plane knows of."""

    name = models.CharField(max_length=20, unique=True)
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
