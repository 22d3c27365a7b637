"""The simulated AWS account that an embedded installation starts with."""

from __future__ import annotations

from django.conf import settings

from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from provisioning.actions import AddCloudAccount, MoveSimulation
from provisioning.actions.accounts import AddCloudAccountInput
from provisioning.models import CloudAccount
from provisioning.simulation import ground
from provisioning.states import Cloud, Method

NAME = "AWS"
REGIONS = ["eu-central-1", "eu-west-1", "us-east-1"]
POOL = "10.64.0.0/12"  # 1,024 networks of /22
SEEDER = actors.system(
    "seed",
    "provisioning.add_cloudaccount",
    "provisioning.change_cloudaccount",
    "provisioning.view_cloudaccount",
)


def seed_account(endpoint: str) -> CloudAccount:
    """Make the account, with the network that its bridges share; once.

    At a later start it is only told where the simulator listens now. In the control
    plane. Raises CloudFailed when nobody listens there at the first time.
    """
    known = CloudAccount.objects.filter(cloud=Cloud.AWS, simulation=True, name=NAME)
    account = known.first()
    if account is not None:
        if account.endpoint != endpoint:
            moved = {"endpoint": endpoint}
            account = perform(MoveSimulation, account, moved, actor=SEEDER).result
        return account
    empty = CloudAccount(
        cloud=Cloud.AWS, method=Method.NONE, endpoint=endpoint, regions=REGIONS
    )
    wanted = AddCloudAccountInput(
        name=NAME,
        cloud=Cloud.AWS,
        method=Method.NONE,
        simulation=True,
        endpoint=endpoint,
        regions=REGIONS,
        address_pool=POOL,
        details=ground.lay(empty, settings.PAYBILL_TENANT_DOMAIN),
    )
    return perform(AddCloudAccount, None, wanted, actor=SEEDER).result
