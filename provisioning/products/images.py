"""Which container image a silo runs."""

from __future__ import annotations

from django.conf import settings

from provisioning.models import Deployment, Product
from provisioning.states import Cloud
from tenants.states import Isolation

HERE = "paybill"  # where none is fetched: on this machine runs the code that is here


def of_product(code: str) -> str:
    """The product's own, else this installation's (PAYBILL_IMAGE); "" is neither."""
    own = Product.objects.filter(code=code).values_list("image", flat=True).first()
    return own or str(settings.PAYBILL_IMAGE)


def of(deployment: Deployment, product: str) -> str:
    """The image for a deployment; "" for a silo in a cloud that nobody gave one.

    ``product``: the code of it, as the tenant's plan names it.
    """
    if deployment.kind != Isolation.SILO or deployment.cloud == Cloud.LOCAL:
        return HERE
    return of_product(product) or (HERE if deployment.simulated else "")
