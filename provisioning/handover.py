"""What a service is handed once: never in a plan, never in the state.

It reaches Terraform in the environment of plan and apply, as an ephemeral variable,
and leaves it by write-only arguments alone. The stack's ``handover_version`` says when
it has to be handed over again.
"""

from __future__ import annotations

import json

from paybill_site.kernel import licences
from provisioning import entitled
from provisioning.models import Run
from tenants import entitlements, entry
from tenants.states import Isolation


def contents(run: Run) -> dict[str, str]:
    """What the tenant's service needs to start; all of it is secret."""
    if run.deployment.kind != Isolation.SILO:
        return {}
    entitlement = entitled.entitlement_of(run.tenant)
    terms = entitlements.terms(entitlement)
    return {
        "licence": licences.sign(run.tenant.public_id, terms, entitlement.version),
        "bootstrap_token": entry.bootstrap_token(run.tenant),
    }


def environment(handed: dict[str, str]) -> dict[str, str]:
    """The same as Terraform takes it: the variable ``handover``, as JSON."""
    return {"TF_VAR_handover": json.dumps(handed)}
