"""What a service is handed once: never in a plan, never in the state.

It reaches Terraform in the environment of plan and apply, as an ephemeral variable,
and leaves it by write-only arguments alone. The stack's ``handover_version`` says when
it has to be handed over again.
"""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.conf import settings

from paybill_site.kernel import licences
from provisioning import entitled
from provisioning.models import Deployment, Run
from provisioning.states import Operation
from tenants import entitlements, entry
from tenants.states import Isolation

# What sets the whole configuration: a provider may ask for a write-only argument there
# although its version stays. What only looks or takes away is handed nothing.
HANDED = {Operation.APPLY, Operation.UNPROTECT}
PUBLIC = {"licence_public_key", "entry_public_key", "base_url", "tenant_domain"}


def contents(run: Run) -> dict[str, str]:
    """What the tenant's service needs to start; all of it is secret.

    Its own keys are derived from the deployment's seed, so that every run hands over
    the same. What a container makes of it is in ``paybill_site.container.handover``.
    """
    deployment, tenant = run.deployment, run.tenant
    own = {"database_password": database_password(deployment)}
    if deployment.kind != Isolation.SILO:
        return own
    entitlement = entitled.entitlement_of(tenant)
    terms = entitlements.terms(entitlement)
    return {
        **own,
        "licence": licences.sign(tenant.public_id, terms, entitlement.version),
        "bootstrap_token": entry.bootstrap_token(tenant),
        "secret_key": derived(deployment, "secret key").hex(),
        "data_keys": base64.b64encode(derived(deployment, "data key")).decode(),
        "audit_key": _pem(audit_key(deployment)),
        "licence_public_key": settings.PAYBILL_KEYS["licence_public"],
        "entry_public_key": settings.PAYBILL_KEYS["entry_public"],
        "base_url": settings.PAYBILL_BASE_URL,
        "tenant_domain": settings.PAYBILL_TENANT_DOMAIN,
        "email_url": settings.PAYBILL_SILO_EMAIL_URL,
    }


def given(run: Run) -> dict[str, str]:
    """What Terraform is given of it: nothing, unless it may set something."""
    return contents(run) if run.operation in HANDED else {}


def audit_key(deployment: Deployment) -> Ed25519PrivateKey:
    """The key with which a silo in a cloud signs its audit heads and its reports."""
    return Ed25519PrivateKey.from_private_bytes(derived(deployment, "audit key"))


def database_password(deployment: Deployment) -> str:
    """The password of the database's first log-in: 31 characters, good in every cloud.

    160 bits behind a beginning with one sign of each kind: Azure wants three kinds, IBM
    a letter and a digit, at most 32 in all, and no other sign than ``-`` and ``_``.
    """
    body = base64.urlsafe_b64encode(derived(deployment, "database password")[:20])
    return f"Pb1_{body.decode().rstrip('=')}"


def derived(deployment: Deployment, purpose: str) -> bytes:
    """32 bytes for one purpose, from the deployment's seed (HKDF, RFC 5869)."""
    info = f"{deployment.public_id} {purpose}".encode()
    scheme = HKDF(algorithm=SHA256(), length=32, salt=None, info=info)
    return scheme.derive(deployment.seed.encode())


def _pem(key: Ed25519PrivateKey) -> str:
    form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    return key.private_bytes(*form).decode()


def secrets(handed: dict[str, str]) -> tuple[str, ...]:
    """What of it no log may show: a key of several lines is looked for line by line."""
    lines = (
        line
        for name, value in handed.items()
        if name not in PUBLIC
        for line in value.splitlines()
    )
    return tuple(line for line in lines if line and not line.startswith("-----"))


def environment(handed: dict[str, str]) -> dict[str, str]:
    """The same as Terraform takes it: the variable ``handover``, as JSON."""
    return {"TF_VAR_handover": json.dumps(handed)}
