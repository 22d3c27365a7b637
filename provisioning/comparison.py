"""Terraform's state beside the cloud's own list: what is only in one of the two."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from provisioning.clouds.addresses import of_label, of_tag
from provisioning.clouds.inventory import Found
from provisioning.models import StateVersion

TAG = "paybill:address"
LABEL = "paybill-address"  # where a cloud allows fewer characters in a name


@dataclass(frozen=True, slots=True)
class Difference:
    """``missing``: addresses that the state has and the cloud does not list.
    ``strange``: what the cloud lists and the state does not have. ``ending``: what is
    deleted but not gone yet; it counts as neither.
    """

    missing: list[str]
    strange: list[Found]
    ending: list[Found]

    @property
    def none(self) -> bool:
        return not self.missing and not self.strange


def tagged(version: StateVersion | None) -> set[str]:
    """The addresses in the tags of a state: what the cloud's list has to contain.

    Resources that can carry no tag are left out: no cloud could list them.
    """
    if version is None:
        return set()
    resources = json.loads(version.content).get("resources") or []
    return {
        address
        for resource in resources
        if resource.get("mode") == "managed"
        for instance in resource.get("instances") or []
        for address in _addresses(instance.get("attributes") or {})
    }


def compare(version: StateVersion | None, found: Iterable[Found]) -> Difference:
    """Compare by the address tag, as the resources themselves carry it."""
    wanted, listed = tagged(version), list(found)
    there = {one.address for one in listed if not one.ends}
    return Difference(
        missing=sorted(wanted - there),
        strange=[
            one
            for one in listed
            if one.address and not one.ends and one.address not in wanted
        ],
        ending=[one for one in listed if one.ends],
    )


def _addresses(attributes: dict[str, Any]) -> Iterable[str]:
    """In ``tags`` (a map or a list of pairs) or ``labels``: where a provider has it."""
    for name in ("tags_all", "tags", "labels", "freeform_tags", "defined_tags"):
        held = attributes.get(name)
        if isinstance(held, dict):
            for mark, address_of in ((TAG, of_tag), (LABEL, of_label)):
                if isinstance(held.get(mark), str):
                    yield address_of(held[mark])
                    return
        if isinstance(held, list):
            yield from _from_words(held)
            return


def _from_words(held: list[Any]) -> Iterable[str]:
    """IBM's tags are words: ``paybill:address:<address>``."""
    for word in held:
        if isinstance(word, str) and word.startswith(f"{TAG}:"):
            yield of_tag(word.removeprefix(f"{TAG}:"))
            return
