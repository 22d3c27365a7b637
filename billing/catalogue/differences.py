"""What a file would change in the catalogue, and making it so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from billing import clock
from billing.catalogue import selling, writing
from billing.catalogue.document import Catalogue
from billing.catalogue.terms import PlanInput
from billing.models import Plan
from billing.rating.cards import RateCard
from billing.rating.phases import Phase

OF_A_PRICE = (
    "name",
    "kind",
    "timing",
    "interval",
    "interval_count",
    "meter",
    "tax_class",
    "tax_included",
)


class What(StrEnum):
    NEW = "new"
    VERSION = "a new version"
    RETIRED = "taken off sale"


@dataclass(frozen=True, slots=True)
class Difference:
    """What happens to one plan; ``changes`` are (path, before, after)."""

    code: str
    what: What
    version: int
    changes: tuple[tuple[str, Any, Any], ...] = ()
    terms: PlanInput | None = None
    plan: Plan | None = None

    def told(self) -> list[str]:
        """Lines that people read, as of a diff."""
        sign = {What.NEW: "+", What.VERSION: "~", What.RETIRED: "-"}[self.what]
        lines = [f"{sign} {self.code}: {self.what} (version {self.version})"]
        for path, before, after in self.changes:
            if before is not None:
                lines.append(f"  - {path}: {before}")
            if after is not None:
                lines.append(f"  + {path}: {after}")
        return lines


def between(catalogue: Catalogue) -> list[Difference]:
    """What has to happen so that the catalogue is as the file says.

    A plan that is not in the file is taken off sale: the file is the whole catalogue.
    """
    present = writing.present()
    newest = dict(Plan.objects.order_by("version").values_list("code", "version"))
    found = [
        difference
        for terms in catalogue.plans
        if (difference := _of(terms, present.get(terms.code), newest))
    ]
    wanted = {terms.code for terms in catalogue.plans}
    gone = (plan for code, plan in sorted(present.items()) if code not in wanted)
    found += [Difference(p.code, What.RETIRED, p.version, plan=p) for p in gone]
    return found


def of_plan(terms: PlanInput) -> Difference | None:
    """What would change with one plan; None where it is as it is."""
    newest = dict(Plan.objects.order_by("version").values_list("code", "version"))
    return _of(terms, writing.present().get(terms.code), newest)


def digest() -> str:
    """What stands for the catalogue as it is now."""
    return hashlib.sha256(writing.written().encode()).hexdigest()


def apply(differences: list[Difference]) -> None:
    """Make them so. Only inside an action."""
    for difference in differences:
        if difference.terms is not None:
            selling.put_on_sale(difference.terms)
        elif difference.plan is not None:
            selling.retire(difference.plan, reason="not in the file")


def _of(
    terms: PlanInput, plan: Plan | None, newest: dict[str, int]
) -> Difference | None:
    after = dict(_leaves("", _shape(terms)))
    version = newest.get(terms.code, 0) + 1
    if plan is None:
        new = tuple((path, None, value) for path, value in after.items())
        return Difference(terms.code, What.NEW, version, new, terms)
    before = dict(_leaves("", _shape(writing.terms_of(plan))))
    since = terms.effective_from
    if since is None or since <= clock.now():
        # A day that is past says no more than none: what is sold now was sold before.
        before.pop("effective_from", None)
        after.pop("effective_from", None)
    changes = tuple(
        (path, before.get(path), after.get(path))
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path)
    )
    if not changes:
        return None
    return Difference(terms.code, What.VERSION, version, changes, terms)


def _shape(terms: PlanInput) -> dict[str, Any]:
    """A plan with nothing left to guess, so that two ways to say it are the same."""
    said = {name: getattr(terms, name) for name in type(terms).model_fields}
    said["isolations"] = terms.isolations or [terms.isolation]
    said["sizes"] = terms.sizes or [terms.size]
    del said["price"]
    said["prices"] = {
        f"{price.code}.{price.currency}": {
            **{name: getattr(price, name) for name in OF_A_PRICE},
            "phases": price.all_phases,
        }
        for price in terms.all_prices
    }
    return said


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every single value with its path."""
    if isinstance(value, RateCard | Phase):
        value = writing.plain(value)
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(f"{path}.{name}" if path else str(name), each)
    elif isinstance(value, list | tuple) and value and not _words(value):
        for number, each in enumerate(value):
            yield from _leaves(f"{path}.{number}", each)
    elif value not in (None, "", [], (), {}):
        yield path, writing.plain(value)


def _words(value: Any) -> bool:
    return all(isinstance(each, str) for each in value)
