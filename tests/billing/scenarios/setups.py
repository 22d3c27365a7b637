"""The setup of a scenario: rows of plans, of versions of a catalogue, or of blocks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from tests.billing.scenarios import catalogues
from tests.billing.scenarios.catalogues import Catalogue
from tests.billing.scenarios.wording import name_of
from tests.billing.scenarios.world import EARLIER, World

MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT")
OFFER = re.compile(r"`?([\w-]+)`? plan with `?(\$[\d.,]+ recurring charge)")
EXISTING = re.compile(r"effectiveDateForExistingSubscriptions\s*=\s*`?([\dT:+-]+)")

type Rows = list[list[str]] | None


def catalogue(section: str, setup: Rows) -> Catalogue:
    """The section's catalogue, with what the setup says in its place."""
    base = catalogues.of(section)
    plans = {
        name_of(row[0]): row[-1]
        for row in setup or []
        if re.search(r"\bphase\b", row[-1]) and not MOMENT.match(row[1])
    }
    blocks = [row for row in setup or [] if _is_block(row)]
    if plans:
        base = replace(base, plans=plans)
    if blocks and base.usage:
        base = replace(base, blocks=_blocks(blocks, base))
    return base


def _is_block(row: list[str]) -> bool:
    return any(cell.strip().startswith("$") for cell in row)


def _blocks(
    rows: list[list[str]], base: Catalogue
) -> dict[str, tuple[tuple[str, str, str], ...]]:
    """Rows of unit, size, price, most; or of most and price alone: a capacity."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in rows:
        if len(row) >= 5:
            found.setdefault(name_of(row[0]), []).append((row[1], row[2], row[3]))
        else:
            [unit] = base.usage
            found.setdefault(unit, []).append(("1", row[1], row[0]))
    return {unit: tuple(steps) for unit, steps in found.items()}


def sell(world: World, setup: Rows) -> None:
    """Put it on sale: at once, or version after version of the catalogue."""
    versions = [row for row in setup or [] if len(row) > 2 and MOMENT.match(row[1])]
    if not versions:
        world.sell(world.catalogue.plans, EARLIER)
    earlier: dict[str, str] = {}
    for row in versions:
        since = datetime.fromisoformat(row[1])
        plans = {name_of(name): words for name, words in OFFER.findall(row[2])}
        later = EXISTING.search(row[2])
        existing = datetime.fromisoformat(later[1]) if later else None
        world.sell(plans, since, effective_for_existing=existing)
        gone = {name: "" for name in earlier if name not in plans}
        if gone:
            world.to_come.append((since, plans, gone))
        earlier = plans
