"""Which image a silo runs: its product's, this installation's, or none is built."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import obstacles
from provisioning.errors import NoImage
from provisioning.models import CloudAccount, Deployment, Product, Run
from tenants.models import Entitlement
from tests.provisioning.conftest import Entitle, queue

OURS = "registry.example/paybill@sha256:" + "a" * 64
THEIRS = "registry.example/notebook:2.1"


@pytest.fixture
def account(control: object) -> CloudAccount:
    """A real one: whatever runs there has to be fetched."""
    return CloudAccount.objects.create(
        name="Ours",
        cloud="aws",
        regions=["eu-central-1"],
        address_pool="10.64.0.0/16",
    )


@pytest.fixture
def silo(entitle: Entitle, account: CloudAccount) -> Deployment:
    """A silo in the account, of a plan that names a product of somebody's own."""
    deployment = entitle(kind="silo")
    deployment.cloud, deployment.region = "aws", "eu-central-1"
    deployment.account = account
    deployment.save()
    plan = {"cloud": "aws", "features": {"product": "notebook"}}
    Entitlement.objects.update(region="eu-central-1", **plan)
    return deployment


@pytest.fixture
def product(control: object) -> Product:
    return Product.objects.create(code="notebook", name="Notebook", image=THEIRS)


def test_the_image_of_the_plans_product_is_run(
    silo: Deployment, product: Product, settings: Any
) -> None:
    settings.PAYBILL_IMAGE = OURS
    assert queue(silo).inputs["image"] == THEIRS


def test_without_one_this_installations_is(silo: Deployment, settings: Any) -> None:
    settings.PAYBILL_IMAGE = OURS
    Product.objects.create(code="notebook", name="Notebook")
    assert queue(silo).inputs["image"] == OURS


def test_without_either_nothing_is_built(silo: Deployment) -> None:
    with pytest.raises(NoImage, match="PAYBILL_IMAGE"):
        queue(silo)
    assert not Run.objects.exists()


def test_a_simulated_silo_and_one_on_this_machine_fetch_none(
    silo: Deployment, entitle: Entitle
) -> None:
    CloudAccount.objects.filter(cloud="aws").update(simulation=True)
    silo.refresh_from_db()
    assert queue(silo).inputs["image"] == "paybill"
    assert queue(entitle(kind="silo", slug="here")).inputs["image"] == "paybill"


def test_a_plan_whose_silo_has_no_image_is_not_sold(
    account: CloudAccount, product: Product, settings: Any
) -> None:
    said = obstacles.image("silo", "aws", "")
    assert "PAYBILL_IMAGE" in said
    assert said == obstacles.image("silo", "aws", "unknown")
    assert obstacles.image("silo", "aws", product.code) == ""
    assert obstacles.image("silo", "local", "") == ""
    assert obstacles.image("bridge", "aws", "") == ""
    settings.PAYBILL_IMAGE = OURS
    assert obstacles.image("silo", "aws", "") == ""


def test_a_simulated_account_needs_no_image(account: CloudAccount) -> None:
    CloudAccount.objects.update(simulation=True)
    assert obstacles.image("silo", "aws", "") == ""
