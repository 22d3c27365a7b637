"""What an account has left: deployments, runs at once, address ranges.

Everything here is asked and noted in the transaction of an action, before a run
starts, so that a refusal costs nothing and names its reason.
"""

from __future__ import annotations

import ipaddress

from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone

from provisioning.errors import AccountRefuses
from provisioning.models import CloudAccount, Deployment, Network, Run
from provisioning.states import AccountState, Cloud, DeploymentState, Method
from tenants.states import Isolation

STANDING = ~Q(deployments__state=DeploymentState.GONE)


def choose(cloud: str, region: str) -> CloudAccount:
    """The account in which something new is built: real before simulated, emptiest
    first. Raises AccountRefuses, saying what every account of that cloud lacks.

    The cloud's accounts stay locked until the transaction ends, so that of two who
    want the last place in one, the second counts the first.
    """
    if cloud == Cloud.LOCAL:
        return this_machine()
    accounts = CloudAccount.objects.filter(cloud=cloud)
    list(accounts.select_for_update(no_key=True).order_by("id"))
    rows = accounts.annotate(load=Count("deployments", filter=STANDING))
    said = []
    for account in rows.order_by("simulation", "load", "id"):
        why = _why_not(account, region, standing=account.load)
        if not why:
            return account
        said.append(f"{account.name} {why}")
    name = Cloud(cloud).label if cloud in Cloud else cloud
    raise AccountRefuses(
        f"no account at {name} can take this: "
        + ("; ".join(said) or "there is none; an operator has to add one"),
        rule="account",
    )


def this_machine() -> CloudAccount:
    """The account that stands for the embedded services, made when first needed."""
    known = CloudAccount.objects.filter(cloud=Cloud.LOCAL).order_by("id").first()
    return known or CloudAccount.objects.create(
        name="This machine",
        cloud=Cloud.LOCAL,
        method=Method.NONE,
        regions=[Cloud.LOCAL.value],
    )


def check(deployment: Deployment) -> None:
    """Raise AccountRefuses unless its account lets something be built for it now.

    What stands already has its place: a limit that was reached, or lowered since,
    keeps nobody from being repaired.
    """
    account = deployment.account
    if account is None:
        return
    others = account.deployments.exclude(pk=deployment.pk)
    standing = None
    if deployment.state == DeploymentState.EMPTY:
        standing = others.exclude(state=DeploymentState.GONE).count()
    why = _why_not(account, deployment.region, standing=standing)
    if why:
        raise AccountRefuses(f"{account.name} {why}", rule="account")


def _why_not(account: CloudAccount, region: str, *, standing: int | None) -> str:
    """Why an account does not take it; ``standing``: None where no place is needed."""
    if account.state == AccountState.PAUSED:
        return "is paused: nothing new is built there"
    if region not in account.regions:
        return f"does not build in {region}, only in {', '.join(account.regions)}"
    most = account.most_deployments
    if most is not None and standing is not None and standing >= most:
        return f"is full: {standing} of {most} deployments"
    return ""


def worked_on(account: CloudAccount) -> int:
    """How many runs a runner works on in an account at this moment."""
    now = timezone.now()
    return Run.objects.filter(deployment__account=account, lease_until__gt=now).count()


def claim_network(deployment: Deployment) -> str:
    """Give a silo a network of its own and return its CIDR; "" where none is needed.

    Asked again it is the same. The account's row is locked, so that two at once take
    two slots; the database's constraint stands behind that. Raises AccountRefuses
    when the pool is used up or there is none.
    """
    held = Network.objects.filter(deployment=deployment, released_at=None).first()
    if held is not None:
        return held.cidr
    account = deployment.account
    if account is None or not needs_network(deployment):
        return ""
    locked = CloudAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    network = _free(locked)
    Network.objects.update_or_create(
        deployment=deployment,
        defaults={
            "account": locked,
            "slot": network[0],
            "cidr": network[1],
            "released_at": None,
        },
    )
    return network[1]


def needs_network(deployment: Deployment) -> bool:
    """Bridges live in the account's shared network; this machine has none to give."""
    return deployment.kind == Isolation.SILO and deployment.cloud != Cloud.LOCAL


def _free(account: CloudAccount) -> tuple[int, str]:
    if not account.address_pool:
        raise AccountRefuses(
            f"{account.name} has no pool of addresses for networks of silos",
            rule="addresses",
        )
    taken = set(
        account.networks.filter(released_at=None).values_list("slot", flat=True)
    )
    for slot in range(slots(account)):
        if slot not in taken:
            return slot, cidr(account, slot)
    raise AccountRefuses(
        f"{account.name} has given out all {len(taken)} networks of"
        f" {account.address_pool}",
        rule="addresses",
    )


def slots(account: CloudAccount) -> int:
    """How many networks the account's pool holds."""
    if not account.address_pool:
        return 0
    pool = ipaddress.ip_network(account.address_pool)
    return int(2 ** max(account.network_prefix - pool.prefixlen, 0))


def cidr(account: CloudAccount, slot: int) -> str:
    """The network of a slot: the pool is cut into equal parts, counted from zero."""
    pool = ipaddress.IPv4Network(account.address_pool)
    size = 2 ** (32 - account.network_prefix)
    first = int(pool.network_address) + slot * size
    return str(ipaddress.IPv4Network((first, account.network_prefix)))


def network_of(deployment: Deployment) -> str:
    """The CIDR that a deployment holds, or ""."""
    held = Network.objects.filter(deployment=deployment, released_at=None).first()
    return held.cidr if held is not None else ""


def release(deployment: Deployment) -> None:
    """Give the network back; only for a deployment that was proved to be gone."""
    Network.objects.filter(deployment=deployment, released_at=None).update(
        released_at=Now()
    )
