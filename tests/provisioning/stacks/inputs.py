"""Inputs for every stack, as Paybill gives them, with made-up accounts."""

from __future__ import annotations

from typing import Any

CLOUDS = ("aws", "azure", "google", "oracle", "ibm", "local")
SIMULATED = ("azure", "google", "oracle", "ibm")
KINDS = ("silo", "bridge")

# Each value is found when a state or a plan is searched for it.
HANDOVER = {
    "licence": "handed-over-licence",
    "bootstrap_token": "handed-over-token",
    "secret_key": "handed-over-secret-key",
    "database_password": "handed-over-Passw0rd",
}
REGIONS = {
    "aws": "eu-central-1",
    "azure": "germanywestcentral",
    "google": "europe-west3",
    "oracle": "eu-frankfurt-1",
    "ibm": "eu-de",
    "local": "local",
}
SUBSCRIPTION = "5b1e0000-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/paybill"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
ACCOUNTS: dict[str, dict[str, str]] = {
    "ibm/silo": {
        "resource_group": "5b1e0000000040008000000000000001",
        "secrets_manager": "5b1e0000-0000-4000-8000-000000000002",
        "secrets_region": "eu-de",
        "key_protect": "5b1e0000-0000-4000-8000-000000000003",
        "dns": "crn:v1:bluemix:public:internet-svcs:global:a/5b1e:5b1e::",
        "dns_zone": "5b1e0000000040008000000000000004",
        "entry": "entry.tenants.example",
    },
    "ibm/bridge": {
        "resource_group": "5b1e0000000040008000000000000001",
        "secrets_manager": "5b1e0000-0000-4000-8000-000000000002",
        "secrets_region": "eu-de",
    },
    "oracle/silo": {
        "compartment": "ocid1.compartment.oc1..paybill",
        "tenancy": "ocid1.tenancy.oc1..acme",
        "home_region": "us-ashburn-1",
        "vault": "ocid1.vault.oc1.eu-frankfurt-1.paybill",
        "vault_endpoint": "https://paybill-management.kms.eu-frankfurt-1.oraclecloud.com",
        "zone": "tenants.example",
        "certificate": "ocid1.certificate.oc1.eu-frankfurt-1.tenants",
    },
    "oracle/bridge": {
        "compartment": "ocid1.compartment.oc1..paybill",
        "subnet": "ocid1.subnet.oc1.eu-frankfurt-1.databases",
        "vault": "ocid1.vault.oc1.eu-frankfurt-1.paybill",
        "key": "ocid1.key.oc1.eu-frankfurt-1.paybill",
    },
    "azure/silo": {
        "subscription": SUBSCRIPTION,
        "directory": "5b1e0000-0000-4000-8000-000000000002",
        "applier": "5b1e0000-0000-4000-8000-000000000003",
        "planner": "5b1e0000-0000-4000-8000-000000000004",
        "zone": "tenants.example",
        "zone_resource_group": "dns",
        "runners": "203.0.113.7,203.0.113.8",
    },
    "azure/bridge": {
        "subscription": SUBSCRIPTION,
        "directory": "5b1e0000-0000-4000-8000-000000000002",
        "applier": "5b1e0000-0000-4000-8000-000000000003",
        "planner": "5b1e0000-0000-4000-8000-000000000004",
        "resource_group": "paybill",
        "subnet": f"{NETWORK}/virtualNetworks/shared/subnets/databases",
        "private_zone": f"{NETWORK}/privateDnsZones/x.postgres.database.azure.com",
        "reader": "5b1e0000-0000-4000-8000-000000000005",
        "runners": "203.0.113.7",
    },
    "google/silo": {
        "project": "acme-paybill",
        "zone": "tenants",
        "entry": "entry.tenants.example",
    },
    "google/bridge": {
        "project": "acme-paybill",
        "network": "projects/acme-paybill/global/networks/shared",
        "reader": "serviceAccount:paybill@acme-paybill.iam.gserviceaccount.com",
    },
}


def inputs(name: str, **changed: Any) -> dict[str, Any]:
    """The variables of a stack, but for the handover, which comes by environment."""
    cloud, kind = name.split("/")
    return {
        "deployment": "dep_01jd8x4t5v6w7y8z9a0b1c2d3e",
        "tenant": "ten_01jd8x4t5v6w7y8z9a0b1c2d3f",
        "region": REGIONS[cloud],
        "size": "small",
        "asleep": False,
        "image": "registry.example/paybill:1.0",
        "domain": "acme.tenants.example",
        "protection": True,
        "generation": 1,
        "network": "10.20.0.0/22" if kind == "silo" and cloud != "local" else "",
        "account": ACCOUNTS.get(name, {}),
        "retention_days": 14,
        "handover_version": 1,
        **changed,
    }
