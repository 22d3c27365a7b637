"""Cloud accounts: added, changed, paused, tried. A key that does not end is sealed."""

from __future__ import annotations

import ipaddress

from django.utils import timezone
from pydantic import Field, field_validator

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove, Invalid
from provisioning.clouds import accounts
from provisioning.events import AccountTestAsked
from provisioning.models import CloudAccount
from provisioning.states import AccountState, Cloud, Health, Method
from provisioning.transitions import ACCOUNT

PRIVATE = tuple(
    ipaddress.IPv4Network(pool)
    for pool in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


class CloudInput(Input):
    """What of an account never changes."""

    cloud: Cloud = Field(title="Cloud")
    simulation: bool = Field(
        default=False,
        title="Simulation",
        description="A simulator answers, all data stays on this machine, and every"
        " page says so.",
    )


class CloudAccountInput(Input):
    """What both adding and changing say of an account."""

    name: str = Field(min_length=2, max_length=80, title="Name")
    method: Method = Field(default=Method.FEDERATED, title="How Paybill gets in")
    endpoint: str = Field(
        default="",
        max_length=200,
        pattern=r"^(https?://[A-Za-z0-9.-]+(:\d{1,5})?)?$",
        title="Address of the simulator",
        description="Only for a simulation.",
    )
    plan_identity: str = Field(
        default="",
        max_length=300,
        title="Identity to plan",
        description="Who Paybill becomes to look and plan; it needs to read only.",
    )
    apply_identity: str = Field(
        default="",
        max_length=300,
        title="Identity to apply",
        description="Who Paybill becomes to build and destroy.",
    )
    read_identity: str = Field(
        default="",
        max_length=300,
        title="Identity to read",
        description="Who Paybill becomes for inventories and log-ins of databases.",
    )
    details: dict[str, str] = Field(
        default_factory=dict,
        max_length=60,
        title="Details",
        description="Facts that the cloud and its stacks need, as JSON; no secrets.",
    )
    secret: str = Field(
        default="",
        max_length=20_000,
        title="Static key",
        description="The last resort: JSON with the key's members. It is sealed and"
        " never shown again; left empty, the present one stays.",
        json_schema_extra={"sensitive": True},
    )
    regions: list[str] = Field(
        min_length=1,
        max_length=60,
        title="Regions",
        description="Where it may build, one in a line.",
    )
    other_regions: bool = Field(
        default=False,
        title="Regions that Paybill does not know",
        description="Take names that are not in Paybill's table: a new region.",
    )
    address_pool: str = Field(
        default="",
        max_length=18,
        title="Address pool",
        description="Private range as in 10.64.0.0/16, from which every silo gets a"
        " network of its own. Without one no silo is built here.",
    )
    network_prefix: int = Field(
        default=22,
        ge=16,
        le=26,
        title="Prefix of each network",
        description="22: 1,024 addresses for each silo.",
    )
    most_deployments: int | None = Field(
        default=None, ge=0, le=100_000, title="Deployments at most"
    )
    at_once: int = Field(default=4, ge=1, le=100, title="Runs at the same time at most")

    @field_validator("address_pool")
    @classmethod
    def _private_range(cls, value: str) -> str:
        if not value:
            return value
        try:
            pool = ipaddress.IPv4Network(value)
        except ValueError:
            raise ValueError(
                "a range is written as in 10.64.0.0/16, without host bits"
            ) from None
        if not any(pool.subnet_of(private) for private in PRIVATE):
            raise ValueError("only private ranges are given out (RFC 1918)")
        return value

    @property
    def identities(self) -> dict[str, str]:
        named = {
            "plan": self.plan_identity,
            "apply": self.apply_identity,
            "read": self.read_identity,
        }
        return {purpose: name for purpose, name in named.items() if name}


class AddCloudAccountInput(CloudAccountInput, CloudInput):
    """An account from its beginning; the cloud's own fields come first."""


class AddCloudAccount(Action[None, AddCloudAccountInput, CloudAccount]):
    """Let Paybill build in an account at a cloud; nothing is tried yet."""

    model = CloudAccount
    Input = AddCloudAccountInput
    permission = "provisioning.add_cloudaccount"
    danger = Danger.CAREFUL
    creates = True

    def run(
        self, target: None, data: AddCloudAccountInput, *, actor: Actor
    ) -> CloudAccount:
        account = CloudAccount(cloud=data.cloud, simulation=data.simulation)
        return _save(account, data)


class ChangeCloudAccount(Action[CloudAccount, CloudAccountInput, CloudAccount]):
    """Change what is known of an account; it has to be tried again after that."""

    model = CloudAccount
    Input = CloudAccountInput
    permission = "provisioning.change_cloudaccount"
    danger = Danger.CAREFUL

    def run(
        self, target: CloudAccount, data: CloudAccountInput, *, actor: Actor
    ) -> CloudAccount:
        moved = (data.address_pool, data.network_prefix) != (
            target.address_pool,
            target.network_prefix,
        )
        if moved and target.networks.filter(released_at=None).exists():
            raise IllegalMove(
                "networks of this pool are in use; a new pool could overlap them"
            )
        target.health, target.health_said = Health.UNTRIED, ""
        target.tested_at = None
        return _save(target, data)


def _save(account: CloudAccount, data: CloudAccountInput) -> CloudAccount:
    account.name, account.method = data.name, data.method
    account.endpoint = data.endpoint
    account.identities, account.details = data.identities, dict(data.details)
    account.regions = list(dict.fromkeys(data.regions))
    account.address_pool, account.network_prefix = (
        data.address_pool,
        data.network_prefix,
    )
    account.most_deployments, account.at_once = data.most_deployments, data.at_once
    if data.secret or not accounts.keeps_key(account):
        account.secret = data.secret
    problems = accounts.problems(account, other_regions=data.other_regions)
    if problems:
        raise Invalid("; ".join(problems))
    account.save()
    return account


class PauseCloudAccount(Action[CloudAccount, NoInput, CloudAccount]):
    """Build nothing new in an account; what stands can still be destroyed."""

    model = CloudAccount
    permission = "provisioning.pause_cloudaccount"
    danger = Danger.CAREFUL
    legal_in = frozenset({AccountState.ACTIVE})

    def run(self, target: CloudAccount, data: NoInput, *, actor: Actor) -> CloudAccount:
        return _turn(target, AccountState.PAUSED)


class ResumeCloudAccount(Action[CloudAccount, NoInput, CloudAccount]):
    """Build in a paused account again."""

    model = CloudAccount
    permission = "provisioning.pause_cloudaccount"
    legal_in = frozenset({AccountState.PAUSED})

    def run(self, target: CloudAccount, data: NoInput, *, actor: Actor) -> CloudAccount:
        return _turn(target, AccountState.ACTIVE)


def _turn(account: CloudAccount, state: AccountState) -> CloudAccount:
    ACCOUNT.move(account, state)
    return account


class TestCloudAccount(Action[CloudAccount, NoInput, CloudAccount]):
    """Try to get into the cloud as each identity; nothing is built there."""

    model = CloudAccount
    permission = "provisioning.test_cloudaccount"

    def run(self, target: CloudAccount, data: NoInput, *, actor: Actor) -> CloudAccount:
        events.emit(AccountTestAsked(account=target.public_id))
        return target


class TestedAccountInput(Input):
    works: bool
    said: str = Field(max_length=2000)


class RecordAccountTest(Action[CloudAccount, TestedAccountInput, CloudAccount]):
    """Note what the cloud said when an account was tried."""

    model = CloudAccount
    Input = TestedAccountInput
    permission = "provisioning.test_cloudaccount"

    def run(
        self, target: CloudAccount, data: TestedAccountInput, *, actor: Actor
    ) -> CloudAccount:
        target.health = Health.OK if data.works else Health.FAILING
        target.health_said, target.tested_at = data.said, timezone.now()
        target.save(update_fields=["health", "health_said", "tested_at"])
        return target
