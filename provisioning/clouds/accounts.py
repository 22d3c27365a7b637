"""Whether what is known of an account can be right; the cloud itself is not asked."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator

from provisioning.clouds.facts import FACTS, Facts, problem_with_detail, unknown_regions
from provisioning.models import CloudAccount
from provisioning.states import Cloud, Method


def problems(account: CloudAccount, *, other_regions: bool = False) -> list[str]:
    """What does not fit, in words for whoever typed it; nothing of a secret in them."""
    facts = FACTS[account.cloud]
    return [
        *_method(account, facts),
        *_identities(account, facts),
        *_details(account, facts),
        *_secret(account, facts),
        *_regions(account, facts, other_regions=other_regions),
        *_pool(account),
    ]


def keeps_key(account: CloudAccount) -> bool:
    """Whether the way in of the account takes a sealed key."""
    return bool(FACTS[account.cloud].keys.get(Method(account.method)))


def _method(account: CloudAccount, facts: Facts) -> Iterator[str]:
    name = Cloud(account.cloud).label
    if account.method not in facts.methods:
        yield f"{name} is entered by one of: {', '.join(facts.methods)}"
    if account.method == Method.NONE and not (
        account.simulation or account.cloud == Cloud.LOCAL
    ):
        yield "only a simulation lets in whoever comes"
    if account.endpoint and not account.simulation:
        yield "only a simulation has an address of its own"


def _identities(account: CloudAccount, facts: Facts) -> Iterator[str]:
    if account.method not in {Method.FEDERATED, Method.EXCHANGED}:
        return
    for purpose in ("plan", "apply", "read"):
        name = account.identities.get(purpose, "")
        if not re.fullmatch(facts.identity, name):
            yield f"the identity to {purpose} is written as in {facts.example}"
    if account.identities.get("plan") == account.identities.get("apply"):
        yield "plan and apply need identities of their own: a plan may only read"


def _details(account: CloudAccount, facts: Facts) -> Iterator[str]:
    for name, value in account.details.items():
        problem = problem_with_detail(name, value)
        if problem:
            yield problem
    if account.method == Method.NONE:
        return
    for name, (form, words) in facts.details.items():
        if name == "provider" and account.method != Method.FEDERATED:
            continue
        if not re.fullmatch(form, account.details.get(name, "")):
            yield f"the details need {name}: {words}"


def _secret(account: CloudAccount, facts: Facts) -> Iterator[str]:
    needed = facts.keys.get(Method(account.method), ())
    if not needed:
        if account.secret:
            yield f"an account that is entered as {account.method} keeps no key"
        return
    try:
        stored = json.loads(account.secret)
    except ValueError:
        stored = None
    fits = (
        isinstance(stored, dict)
        and stored.keys() >= set(needed)
        and stored.keys() <= {*needed, *facts.optional_keys}
        and all(isinstance(value, str) and value for value in stored.values())
    )
    if not fits:
        yield f"the key is JSON with the texts {', '.join(needed)}"


def _regions(
    account: CloudAccount, facts: Facts, *, other_regions: bool
) -> Iterator[str]:
    for region in account.regions:
        if not re.fullmatch(facts.region, region):
            yield f"no region is called {region[:40]}"
    unknown = unknown_regions(account.cloud, account.regions)
    if unknown and not other_regions:
        yield (
            f"Paybill does not know {', '.join(unknown)[:200]}; if it is new, say that"
            " it is one"
        )


def _pool(account: CloudAccount) -> Iterator[str]:
    if not account.address_pool:
        return
    pool = ipaddress.IPv4Network(account.address_pool)
    if account.network_prefix < pool.prefixlen:
        yield f"a network of /{account.network_prefix} does not fit into the pool"
