"""Nothing is open to everybody but what serves the tenant, on any of the clouds."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.gates.context import BALANCERS
from provisioning.gates.reading import references
from tests.provisioning.gates.fragments import plan, resource, told

DATABASE = "aws_db_instance.main"


@pytest.mark.parametrize(
    ("address", "after"),
    [
        (DATABASE, {"publicly_accessible": True}),
        ("aws_s3_bucket_public_access_block.main", {
            "block_public_acls": True, "block_public_policy": False,
            "ignore_public_acls": True, "restrict_public_buckets": True}),
        ("aws_s3_bucket_acl.main", {"acl": "public-read"}),
        ("azurerm_postgresql_flexible_server.main", {}),
        ("azurerm_storage_container.main", {"container_access_type": "blob"}),
        ("google_sql_database_instance.main", {"settings": []}),
        ("google_sql_database_instance.main", {"settings": [
            {"ip_configuration": [{"ipv4_enabled": True}]}]}),
        ("google_storage_bucket_iam_member.main", {"member": "allUsers"}),
        ("google_storage_bucket_iam_binding.main", {"members": ["a", "allUsers"]}),
        ("oci_objectstorage_bucket.main", {"access_type": "ObjectRead"}),
        ("ibm_database.main", {"service_endpoints": "public-and-private"}),
    ],
)  # fmt: skip
def test_what_everybody_could_reach_is_refused_on_every_cloud(
    address: str, after: dict[str, Any]
) -> None:
    assert told("exposure", plan(resource(address, after))) == [("refuse", address)]


@pytest.mark.parametrize(
    ("address", "after"),
    [
        (DATABASE, {"publicly_accessible": False}),
        ("azurerm_postgresql_flexible_server.main", {
            "public_network_access_enabled": False}),
        ("google_storage_bucket.main", {
            "public_access_prevention": "enforced",
            "uniform_bucket_level_access": True}),
        ("google_cloud_run_v2_service_iam_member.main", {"member": "allUsers"}),
        ("oci_objectstorage_bucket.main", {"access_type": "NoPublicAccess"}),
        ("ibm_database.main", {"service_endpoints": "private"}),
    ],
)  # fmt: skip
def test_what_is_private_passes(address: str, after: dict[str, Any]) -> None:
    assert told("exposure", plan(resource(address, after))) == []


def test_whether_something_is_public_may_not_be_known_yet() -> None:
    later = plan(resource(DATABASE, {}, unknown={"publicly_accessible": True}))
    assert told("exposure", later) == [("approve", DATABASE)]


GROUP = "aws_security_group.lb"
BALANCER = {
    "address": "aws_lb.main",
    "type": "aws_lb",
    "expressions": {"security_groups": {"references": [f"{GROUP}.id", GROUP]}},
}


def lets_in(source: str, first: int, last: int) -> dict[str, Any]:
    way = {"cidr_blocks": [source], "from_port": first, "to_port": last}
    return resource(GROUP, {"ingress": [way]})


def judged(change: dict[str, Any], *, balancer: bool = True) -> list[tuple[str, str]]:
    shown = plan(change, configured=[BALANCER] if balancer else [])
    return told("exposure", shown, front=frozenset(references(shown, BALANCERS)))


def test_everybody_may_knock_at_the_load_balancer_alone() -> None:
    assert judged(lets_in("0.0.0.0/0", 443, 443)) == []
    assert judged(lets_in("0.0.0.0/0", 443, 443), balancer=False) == [("refuse", GROUP)]
    assert judged(lets_in("0.0.0.0/0", 22, 22)) == [("refuse", GROUP)]
    assert judged(lets_in("0.0.0.0/0", 80, 443)) == [("refuse", GROUP)]
    assert judged(lets_in("10.0.0.0/8", 5432, 5432), balancer=False) == []


def test_a_rule_of_its_own_belongs_to_the_group_it_names() -> None:
    address = "aws_vpc_security_group_ingress_rule.web"
    rule = {
        "address": address,
        "type": "aws_vpc_security_group_ingress_rule",
        "expressions": {"security_group_id": {"references": [f"{GROUP}.id", GROUP]}},
    }
    way = {"cidr_ipv4": "0.0.0.0/0", "from_port": 443, "to_port": 443}
    shown = plan(resource(address, way), configured=[BALANCER, rule])
    assert told("exposure", shown, front=frozenset({GROUP})) == []
    assert told("exposure", shown) == [("refuse", address)]


@pytest.mark.parametrize(
    ("address", "after", "level"),
    [
        ("azurerm_network_security_rule.a", {
            "direction": "Inbound", "access": "Allow", "source_address_prefix": "*",
            "destination_port_range": "22"}, "refuse"),
        ("azurerm_network_security_rule.a", {
            "direction": "Inbound", "access": "Allow",
            "source_address_prefix": "Internet",
            "destination_port_ranges": ["80", "443"]}, ""),
        ("azurerm_network_security_rule.a", {
            "direction": "Inbound", "access": "Deny", "source_address_prefix": "*",
            "destination_port_range": "*"}, ""),
        ("google_compute_firewall.a", {
            "source_ranges": ["0.0.0.0/0"], "allow": [{"ports": ["5432"]}]}, "refuse"),
        ("google_compute_firewall.a", {
            "source_ranges": ["0.0.0.0/0"], "allow": [{"protocol": "all"}]}, "refuse"),
        ("google_compute_firewall.a", {
            "direction": "EGRESS", "source_ranges": ["0.0.0.0/0"]}, ""),
        ("oci_core_network_security_group_security_rule.a", {
            "direction": "INGRESS", "source": "0.0.0.0/0", "tcp_options": [
                {"destination_port_range": [{"min": 22, "max": 22}]}]}, "refuse"),
        ("ibm_is_security_group_rule.a", {
            "direction": "inbound", "remote": "0.0.0.0/0",
            "tcp": [{"port_min": 1, "port_max": 65535}]}, "refuse"),
        ("ibm_is_security_group_rule.a", {
            "direction": "outbound", "remote": "0.0.0.0/0"}, ""),
    ],
)  # fmt: skip
def test_ways_in_are_read_as_each_cloud_writes_them(
    address: str, after: dict[str, Any], level: str
) -> None:
    expected = [(level, address)] if level else []
    assert told("exposure", plan(resource(address, after))) == expected


def test_a_source_that_is_a_group_of_ones_own_is_nobody_else() -> None:
    way = {"direction": "INGRESS", "source_type": "NETWORK_SECURITY_GROUP"}
    address = "oci_core_network_security_group_security_rule.a"
    known = plan(resource(address, way, unknown={"source": True}))
    assert told("exposure", known) == []


def test_a_right_for_an_identity_that_is_made_here_is_for_nobody_else() -> None:
    address = "google_storage_bucket_iam_member.a"
    change = resource(address, {}, unknown={"member": True})

    def given_to(*references: str) -> list[tuple[str, str]]:
        member = {"member": {"references": list(references)}}
        kind = "google_storage_bucket_iam_member"
        configured = [{"address": address, "type": kind, "expressions": member}]
        return told("exposure", plan(change, configured=configured))

    own = ("google_service_account.this.email", "google_service_account.this")
    assert given_to(*own) == []
    assert given_to("var.account", *own) == [("approve", address)]


def test_a_source_that_is_not_known_yet_is_shown_to_a_person() -> None:
    later = plan(
        resource(
            "google_compute_firewall.a",
            {"allow": [{"ports": ["443"]}]},
            unknown={"source_ranges": True},
        )
    )
    assert told("exposure", later) == [("approve", "google_compute_firewall.a")]
