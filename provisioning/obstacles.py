"""What keeps this machine from building a place, said before anybody pays for it."""

from __future__ import annotations

from paybill_site.kernel.errors import PaybillError
from provisioning import stacks, terraform
from provisioning.plugins import mirrors
from tenants.offers import obstacle
from tenants.states import Isolation


@obstacle
def tools(isolation: str, cloud: str) -> str:
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
