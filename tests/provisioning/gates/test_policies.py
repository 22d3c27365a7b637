"""Data stores, regions, sizes and tags, each policy with plans of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provisioning.gates.builtin.regions import within
from provisioning.gates.tables import table
from provisioning.removal.keeping import Copy
from tests.provisioning.gates.fragments import (
    DEPLOYMENT,
    found,
    plan,
    resource,
    tagged,
    told,
)

DATABASE = "aws_db_instance.main"
WAS = {"deletion_protection": True, "instance_class": "db.t4g.small"}


# --- data stores ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "change"),
    [
        (DATABASE, {}),
        ("azurerm_postgresql_flexible_server.main", {}),
        ("google_sql_database_instance.main", {}),
        ("oci_psql_db_system.main", {}),
        ("ibm_database.main", {}),
        ("ibm_resource_instance.storage", {"service": "cloud-object-storage"}),
    ],
)
def test_no_cloud_loses_a_data_store_without_a_person(
    address: str, change: dict[str, Any]
) -> None:
    gone = plan(resource(address, None, before={"name": "x", **change}))
    assert told("data_stores", gone) == [("approve", address)]


def test_a_service_that_holds_no_data_may_go() -> None:
    gone = plan(resource("ibm_resource_instance.log", None, {"service": "logdna"}))
    assert told("data_stores", gone) == []


def test_a_replaced_data_store_is_said_to_come_back_empty() -> None:
    replaced = plan(
        resource(DATABASE, WAS, WAS, actions=["delete", "create"]),
        resource("aws_subnet.a", {}, {}, actions=["create", "delete"]),
    )
    (finding,) = found("data_stores", replaced)
    assert (finding.level, finding.address) == ("approve", DATABASE)
    assert "empty" in finding.says


def test_a_data_store_that_is_forgotten_is_one_that_nobody_looks_after() -> None:
    forgotten = plan(resource(DATABASE, None, WAS, actions=["forget"]))
    (finding,) = found("data_stores", forgotten)
    assert finding.level == "approve"
    assert "nobody looks after it" in finding.says


def test_the_removal_of_a_closed_tenant_needs_nobody_more() -> None:
    gone = plan(resource(DATABASE, None, WAS))
    about = {"operation": "destroy", "over": True}
    assert told("data_stores", gone, **about) == [("note", DATABASE)]


def test_a_removal_that_leaves_no_copy_asks_all_the_same() -> None:
    about = {"operation": "destroy", "over": True}
    gone = plan(resource(DATABASE, None, WAS))
    (finding,) = found("data_stores", gone, **about, copy=Copy.NOBODY)
    assert finding.level == "approve"
    assert "no copy" in finding.says
    # The cloud was told to keep one; what it has in its own record is what counts.
    for skips, level in ((False, "note"), (True, "approve")):
        kept = plan(resource(DATABASE, None, {**WAS, "skip_final_snapshot": skips}))
        assert told("data_stores", kept, **about, copy=Copy.CLOUD) == [
            (level, DATABASE)
        ]


def test_a_destroy_of_what_is_still_paid_for_does() -> None:
    gone = plan(resource(DATABASE, None, WAS))
    about = {"operation": "destroy", "over": False}
    assert told("data_stores", gone, **about) == [("approve", DATABASE)]


def test_an_apply_for_a_closed_tenant_is_no_removal() -> None:
    gone = plan(resource(DATABASE, None, WAS))
    assert told("data_stores", gone, over=True) == [("approve", DATABASE)]


@pytest.mark.parametrize(
    ("operation", "over", "level"),
    [("apply", False, "approve"), ("unprotect", True, "note"),
     ("unprotect", False, "approve")],
)  # fmt: skip
def test_a_protection_is_taken_away_by_a_removal_alone(
    operation: str, over: bool, level: str
) -> None:
    open_ = {**WAS, "deletion_protection": False}
    changed = plan(resource(DATABASE, open_, WAS))
    about = {"operation": operation, "over": over}
    assert told("data_stores", changed, **about) == [(level, DATABASE)]


def test_a_protection_that_is_not_known_yet_counts_as_none() -> None:
    changed = plan(
        resource(
            DATABASE,
            {"instance_class": "db.t4g.small"},
            WAS,
            unknown={"deletion_protection": True},
        )
    )
    assert told("data_stores", changed) == [("approve", DATABASE)]


# --- regions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "region", "same"),
    [
        ("eu-central-1", "eu-central-1", True),
        ("eu-central-1a", "eu-central-1", True),
        ("eu-central-2", "eu-central-1", False),
        ("europe-west1-b", "europe-west1", True),
        ("europe-west12", "europe-west1", False),
        ("EUROPE-WEST3", "europe-west3", True),
        ("West Europe", "westeurope", True),
        ("westeurope", "northeurope", False),
        ("eu-de-2", "eu-de", True),
        ("global", "westeurope", True),
        ("us-east-1", "eu-central-1", False),
    ],
)
def test_every_cloud_spells_places_its_own_way(
    place: str, region: str, *, same: bool
) -> None:
    assert within(place, region) is same


def test_a_resource_elsewhere_is_refused() -> None:
    away = plan(
        resource("aws_subnet.a", {"availability_zone": "eu-central-1a"}),
        resource("aws_subnet.b", {"availability_zone": "us-east-1b"}),
    )
    assert told("regions", away) == [("refuse", "aws_subnet.b")]


def test_a_place_that_the_cloud_chooses_is_within_the_providers_region() -> None:
    chosen = plan(resource("aws_subnet.a", {}, unknown={"availability_zone": True}))
    assert told("regions", chosen) == []


def test_a_provider_elsewhere_is_refused() -> None:
    region = {"expressions": {"region": {"references": ["var.region"]}}}
    away = {
        **plan(provider_config={"aws": region}),
        "variables": {"region": {"value": "us-east-1"}},
    }
    (finding,) = found("regions", away)
    assert "the provider works in us-east-1" in finding.says


def test_account_and_entitlement_both_have_a_say() -> None:
    assert [f.says for f in found("regions", plan(), entitled_region="eu-west-1")] == [
        "the run is for eu-central-1, the tenant is entitled to eu-west-1"
    ]
    assert [f.says for f in found("regions", plan(), account_regions=("eu-west-1",))]
    assert found("regions", plan(), account_regions=()) != []
    here = {"cloud": "local", "region": "local", "entitled_region": "local"}
    assert found("regions", plan(), account_regions=(), **here) == []


def test_what_has_to_be_taken_away_is_not_held_back_by_its_region() -> None:
    (finding,) = found(
        "regions", plan(), operation="unprotect", entitled_region="eu-west-1"
    )
    assert finding.level == "approve"
    (looked,) = found(
        "regions", plan(), operation="refresh", entitled_region="eu-west-1"
    )
    assert looked.level == "note"


# --- sizes ------------------------------------------------------------------------


def of_class(name: str) -> dict[str, Any]:
    return plan(resource(DATABASE, {"instance_class": name, "allocated_storage": 20}))


def test_what_was_bought_is_built() -> None:
    assert told("sizes", of_class("db.t4g.small")) == []
    bought = {"size": "small", "entitled_size": "large"}
    assert told("sizes", of_class("db.t4g.medium"), **bought) == []


def test_a_larger_instance_than_was_bought_is_refused() -> None:
    assert told("sizes", of_class("db.t4g.large")) == [("refuse", DATABASE)]


def test_an_instance_that_the_table_does_not_know_is_shown_to_a_person() -> None:
    assert told("sizes", of_class("db.x99.huge")) == [("approve", DATABASE)]


def test_an_instance_that_is_not_known_yet_is_shown_to_a_person() -> None:
    later = plan(resource(DATABASE, {}, unknown={"instance_class": True}))
    assert told("sizes", later) == [("approve", DATABASE)]


def test_numbers_are_bounded_too() -> None:
    grown = plan(
        resource(DATABASE, {"instance_class": "db.t4g.small", "allocated_storage": 500})
    )
    (finding,) = found("sizes", grown)
    assert finding.says == "allocated_storage is 500 GiB, at most 50 were bought"
    odd = plan(resource(DATABASE, {"allocated_storage": "much"}))
    assert told("sizes", odd) == [("approve", DATABASE)]


def test_the_size_of_the_run_itself_is_compared() -> None:
    (finding,) = found("sizes", plan(), size="large")
    assert finding.says == "the run is for size large, bought is small"
    (unknown,) = found("sizes", plan(), entitled_size="gigantic")
    assert unknown.level == "refuse"


def test_each_cloud_has_its_classes() -> None:
    types = {e["type"].split("_")[0] for e in table("sizes")["choice"]}
    assert types == {"aws", "azurerm", "google", "oci", "ibm"}


# --- tags -------------------------------------------------------------------------


def test_a_tagged_resource_passes_and_one_that_can_carry_none_too() -> None:
    fine = plan(
        resource("aws_vpc.main", tagged("aws_vpc.main")),
        resource("aws_route.main", {"route_table_id": "x"}),
        resource("terraform_data.main", {"tags": None}),
    )
    assert told("tags", fine) == []


def test_a_resource_without_tags_is_refused_for_each_that_is_missing() -> None:
    bare = plan(resource("aws_vpc.main", {"tags": None}))
    assert told("tags", bare) == [("refuse", "aws_vpc.main")] * 2


def test_default_tags_of_the_provider_count() -> None:
    tags = tagged("aws_vpc.main")["tags"]
    fine = plan(resource("aws_vpc.main", {"tags": None, "tags_all": tags}))
    assert told("tags", fine) == []


def test_another_deployments_tag_is_refused() -> None:
    after = tagged("aws_vpc.main")
    after["tags"]["paybill:deployment"] = "dep_01jq0000000000000000000009"
    (finding,) = found("tags", plan(resource("aws_vpc.main", after)))
    assert "another deployment" in finding.says


@pytest.mark.parametrize(
    ("address", "after"),
    [
        ("google_storage_bucket.main", {"labels": {
            "paybill-deployment": "{d}", "paybill-address": "google-storage-bucket-main"
        }}),
        ("google_sql_database_instance.main", {"settings": [{"user_labels": {
            "paybill_deployment": "{d}", "paybill_address": "x"
        }}]}),
        ("oci_core_vcn.main", {"freeform_tags": {
            "paybill-deployment": "{d}", "paybill-address": "oci_core_vcn.main"
        }}),
        ("ibm_database.main", {"tags": [
            "paybill:deployment:{d}", "paybill:address:ibm_database.main"
        ]}),
        ("azurerm_storage_account.main", {"tags": {
            "paybill:deployment": "{d}", "paybill:address": "x"
        }}),
    ],
)  # fmt: skip
def test_each_cloud_has_its_form_of_tags(address: str, after: Any) -> None:
    text = json.dumps(after)
    ours = json.loads(text.replace("{d}", DEPLOYMENT))
    assert told("tags", plan(resource(address, ours))) == []
    others = json.loads(text.replace("{d}", "dep_x"))
    assert told("tags", plan(resource(address, others))) == [("refuse", address)]


def test_tags_that_are_not_known_yet_are_shown_to_a_person() -> None:
    later = plan(resource("aws_vpc.main", {}, unknown={"tags": True, "tags_all": True}))
    assert told("tags", later) == [("approve", "aws_vpc.main")]


def test_what_stays_as_it_is_is_not_judged_again() -> None:
    same = {"publicly_accessible": True, "tags": None, "availability_zone": "x"}
    stays = plan(resource(DATABASE, same, same))
    for policy in ("regions", "sizes", "tags", "exposure"):
        assert told(policy, stays) == []
