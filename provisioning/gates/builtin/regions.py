"""Everything is in the region that the entitlement names and the account allows.

Of a resource without a region of its own the provider's counts. A place that is not
known before the apply is the cloud's choice within that region, so it is let pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from provisioning.gates.context import Context
from provisioning.gates.reading import HIDDEN, Change
from provisioning.gates.tables import table
from provisioning.gates.verdict import Finding

ZONE = r"(-?[a-f]|-[1-9])?"  # eu-central-1a, europe-west1-b, eu-de-2
LOCAL = "local"


def rule(rows: list[Change], context: Context) -> Iterator[Finding]:
    """The run's region, the provider's, and each resource's."""
    yield from _of_run(context)
    for region in _of_providers(context.plan):
        if not within(region, context.region):
            says = f"the provider works in {region}, the run is for {context.region}"
            yield Finding(level="refuse", says=says)
    for row in rows:
        for name, place in _places(row):
            if row.makes and not within(place, context.region):
                says = f"{name} is {place}, the run is for {context.region}"
                yield Finding(address=row.address, level="refuse", says=says[:500])


def _of_run(context: Context) -> Iterator[Finding]:
    if context.region != context.entitled_region:
        says = f"the run is for {context.region}, the tenant is entitled to"
        yield Finding(level="refuse", says=f"{says} {context.entitled_region}")
    allowed = context.account_regions or ((LOCAL,) if context.cloud == LOCAL else ())
    if context.region not in allowed:
        says = f"the account may not be used in {context.region}"
        yield Finding(level="refuse", says=says)


def within(place: str, region: str) -> bool:
    """Whether a place is a region or one of its zones, however a cloud spells them."""
    named, wanted = _plain(place), _plain(region)
    if named in table("regions")["everywhere"]:
        return True
    return bool(re.fullmatch(re.escape(wanted) + ZONE, named))


def _plain(place: str) -> str:
    # Azure writes "West Europe" for westeurope.
    return place.lower().replace(" ", "")


def _places(row: Change) -> Iterator[tuple[str, str]]:
    known = table("regions")
    ignored = known["ignored"].get(row.type, ())
    for name in known["attributes"]:
        if name in ignored:
            continue
        for value in row.values(name):
            if isinstance(value, str) and value and value not in HIDDEN:
                yield name, value


def _of_providers(plan: dict[str, Any]) -> Iterator[str]:
    """Regions of the providers, written down or given by a variable."""
    providers = (plan.get("configuration") or {}).get("provider_config") or {}
    variables = plan.get("variables") or {}
    for provider in providers.values():
        region = (provider.get("expressions") or {}).get("region") or {}
        value = region.get("constant_value")
        for name in region.get("references") or []:
            value = value or variables.get(name.removeprefix("var."), {}).get("value")
        if isinstance(value, str) and value:
            yield value
