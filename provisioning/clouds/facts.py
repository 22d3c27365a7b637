"""What each cloud asks of an account: who Paybill is there, where, and by which means.

Small tables, so that a door can show them and an action can check them. The keys that
only a stack needs (zones, shared networks) are documented on top of its variables.tf
and checked there; here they only have to look like facts and not like secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from paybill_site.kernel.crypto import redact
from provisioning.states import Cloud, Method

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
SECRETIVE = re.compile(
    r"(^|_)(password|passwd|passphrase|token|secret|credentials?|api_?key|"
    r"private_?key|access_?key)$"
)
# What names the place of a secret is none itself.
REFERENCE = re.compile(r"ocid1\.|arn:|crn:|projects/|/subscriptions/")
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Facts:
    """``identity``: the form of what Paybill becomes; ``audience`` of its tokens.

    ``details``: what is needed to get in, by name: form and example. ``keys``: the
    members of the secret that a method needs. ``region``: the form of a region's name.
    """

    methods: tuple[Method, ...]
    identity: str
    example: str
    audience: str
    region: str
    regions: tuple[str, ...]
    details: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    keys: Mapping[Method, tuple[str, ...]] = field(default_factory=dict)
    optional_keys: tuple[str, ...] = ()


FACTS: dict[str, Facts] = {
    Cloud.AWS: Facts(
        methods=(Method.FEDERATED, Method.STATIC, Method.NONE),
        identity=r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,500}",
        example="arn:aws:iam::123456789012:role/paybill-plan",
        audience="sts.amazonaws.com",
        region=r"[a-z]{2}(-[a-z]+)+-\d",
        regions=(
            *("eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2"),
            *("eu-west-1", "eu-west-2", "eu-west-3", "us-east-1", "us-east-2"),
            *("us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "ap-south-1"),
            *("ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2"),
        ),
        keys={Method.STATIC: ("access_key_id", "secret_access_key")},
        optional_keys=("session_token",),
    ),
    Cloud.AZURE: Facts(
        methods=(Method.FEDERATED, Method.STATIC, Method.NONE),
        identity=UUID,
        example="00000000-0000-0000-0000-000000000000 (client id)",
        audience="api://AzureADTokenExchange",
        region=r"[a-z]{4,30}\d?",
        regions=(
            *("germanywestcentral", "westeurope", "northeurope", "francecentral"),
            *("swedencentral", "switzerlandnorth", "uksouth", "italynorth"),
            *("eastus", "eastus2", "westus2", "westus3", "centralus", "canadacentral"),
            *("brazilsouth", "centralindia", "japaneast", "southeastasia"),
        ),
        details={
            "directory": (UUID, "id of the directory (tenant)"),
            "subscription": (UUID, "id of the subscription"),
        },
        keys={Method.STATIC: ("client_id", "client_secret")},
    ),
    Cloud.GOOGLE: Facts(
        methods=(Method.FEDERATED, Method.STATIC, Method.NONE),
        identity=r"[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z0-9.-]+\.iam\.gserviceaccount\.com",
        example="paybill-plan@project.iam.gserviceaccount.com",
        audience="",  # the provider's own name, from the details
        region=r"[a-z]+-[a-z]+\d{1,2}",
        regions=(
            *("europe-west1", "europe-west2", "europe-west3", "europe-west4"),
            *("europe-west6", "europe-west8", "europe-west9", "europe-north1"),
            *("europe-central2", "europe-southwest1", "us-central1", "us-east1"),
            *("us-east4", "us-west1", "southamerica-east1", "asia-south1"),
            *("asia-northeast1", "asia-southeast1", "australia-southeast1"),
        ),
        details={
            "project": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", "id of the project"),
            "provider": (
                r"projects/\d+/locations/global/workloadIdentityPools/"
                r"[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}",
                "name of the workload identity provider",
            ),
        },
        keys={Method.STATIC: ("type", "private_key", "client_email", "token_uri")},
        optional_keys=(
            *(
                "project_id",
                "private_key_id",
                "client_id",
                "auth_uri",
                "universe_domain",
            ),
            *("auth_provider_x509_cert_url", "client_x509_cert_url"),
        ),
    ),
    Cloud.ORACLE: Facts(
        methods=(Method.EXCHANGED, Method.STATIC, Method.NONE),
        identity=r"[A-Za-z0-9_.:@-]{1,200}",
        example="client id of the OAuth application for this purpose",
        audience="paybill",
        region=r"[a-z]{2}-[a-z]+-\d",
        regions=(
            *("eu-frankfurt-1", "eu-amsterdam-1", "eu-milan-1", "eu-madrid-1"),
            *("eu-marseille-1", "eu-paris-1", "eu-stockholm-1", "eu-zurich-1"),
            *("uk-london-1", "us-ashburn-1", "us-phoenix-1", "ca-toronto-1"),
            *("sa-saopaulo-1", "ap-tokyo-1", "ap-mumbai-1", "ap-singapore-1"),
        ),
        details={
            "tenancy": (r"ocid1\.tenancy\.[a-z0-9.]{1,200}", "OCID of the tenancy"),
            "compartment": (
                r"ocid1\.(compartment|tenancy)\.[a-z0-9.]{1,200}",
                "OCID of the compartment",
            ),
            "identity_domain": (
                r"https?://[a-z0-9.-]+(:\d{1,5})?",
                "address of the identity domain",
            ),
        },
        # Oracle lets only an OAuth client exchange: one for each purpose.
        keys={
            Method.EXCHANGED: ("plan", "apply", "read"),
            Method.STATIC: ("user", "fingerprint", "private_key"),
        },
    ),
    Cloud.IBM: Facts(
        methods=(Method.EXCHANGED, Method.STATIC, Method.NONE),
        identity=r"(Profile-[0-9a-f-]{36}|iam-Profile-[0-9a-f-]{36})",
        example="Profile-00000000-0000-0000-0000-000000000000",
        audience="",  # IBM takes no foreign tokens: its own are asked for
        region=r"[a-z]{2}-[a-z]+",
        regions=(
            *("eu-de", "eu-gb", "eu-es", "us-south", "us-east", "ca-tor"),
            *("br-sao", "jp-tok", "jp-osa", "au-syd"),
        ),
        details={"resource_group": (r"[0-9a-f]{32}", "id of the resource group")},
        keys={Method.EXCHANGED: ("api_key",), Method.STATIC: ("api_key",)},
    ),
    Cloud.LOCAL: Facts(
        methods=(Method.NONE,),
        identity="",
        example="",
        audience="",
        region=r"[a-z0-9-]{1,40}",
        regions=("local",),
    ),
}


def audience_of(cloud: str, details: Mapping[str, str]) -> str:
    """For whom the tokens are that a cloud takes; "" where none are taken."""
    if cloud == Cloud.GOOGLE:
        return f"https://iam.googleapis.com/{details.get('provider', '')}"
    return FACTS[cloud].audience


def problem_with_detail(name: str, value: str) -> str:
    """Why a detail can not be kept in the open; "" when it can."""
    if not NAME.fullmatch(name):
        return f"a detail is named in lower case with underscores: {name[:41]}"
    if not value.isprintable() or len(value) > LONGEST:
        return f"{name} has to be one line of at most {LONGEST} signs"
    if REFERENCE.match(value):
        return ""
    if SECRETIVE.search(name):
        return f"{name} sounds like a secret; secrets go into their own field"
    if redact(value) != value:
        return f"{name} looks like a secret; secrets go into their own field"
    return ""


def unknown_regions(cloud: str, regions: list[str]) -> list[str]:
    """Regions that Paybill's table does not have; they may be new ones."""
    return [region for region in regions if region not in FACTS[cloud].regions]
