"""What keeps this machine from building a place, said before anybody pays for it."""

from __future__ import annotations

from paybill_site.kernel.errors import PaybillError
from provisioning import stacks, terraform
from provisioning.errors import NoImage
from provisioning.models import CloudAccount
from provisioning.plugins import mirrors
from provisioning.products import images
from provisioning.states import AccountState, Cloud
from tenants.offers import obstacle
from tenants.states import Isolation


@obstacle
def tools(isolation: str, cloud: str, product: str = "") -> str:
    """No Terraform, no stack, or a provider's plugin that is in no mirror."""
    if isolation == Isolation.POOLED:
        return ""
    try:
        terraform.version()
        files = stacks.find(cloud, isolation).files()
    except PaybillError as missing:
        return missing.detail
    served = mirrors.serve(stacks.sources(stacks.admitted(files)))
    if served.missing:
        return f"the provider plugin {', '.join(served.missing)} is not on this machine"
    return ""


@obstacle
def account(isolation: str, cloud: str, product: str = "") -> str:
    """No account at the cloud that new things may be built in."""
    if isolation == Isolation.POOLED or cloud == Cloud.LOCAL:
        return ""
    open_ones = CloudAccount.objects.filter(cloud=cloud, state=AccountState.ACTIVE)
    if open_ones.exists():
        return ""
    name = Cloud(cloud).label if cloud in Cloud else cloud
    return f"no account at {name} is open here: an operator has to add one"


@obstacle
def image(isolation: str, cloud: str, product: str = "") -> str:
    """A real cloud fetches an image, and nobody said which."""
    if (
        isolation != Isolation.SILO
        or cloud == Cloud.LOCAL
        or images.of_product(product)
    ):
        return ""
    real = CloudAccount.objects.filter(
        cloud=cloud, state=AccountState.ACTIVE, simulation=False
    )
    return str(NoImage.__doc__) if real.exists() else ""
