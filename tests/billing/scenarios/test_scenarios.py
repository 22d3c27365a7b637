"""The worked examples of catalogues, step by step on the whole engine.

``PAYBILL_SHARED`` says where the data is; ``PAYBILL_SCENARIOS`` names another file of
the same form. Every step of every scenario is done and looked at.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from tenants.models import Account
from tests.billing.scenarios import catalogues, expecting, setups, steps
from tests.billing.scenarios.steps import Do
from tests.billing.scenarios.world import World

SHARED = Path(os.environ.get("PAYBILL_SHARED", ""))
FILE = Path(os.environ.get("PAYBILL_SCENARIOS", SHARED / "data/billing/scenarios.json"))


def known() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILE.read_text()) if FILE.exists() else []
    return [case for case in found if case.get("kind") == "scenario"]


def title(case: dict[str, Any]) -> str:
    return str(case["input"]["section"])


@pytest.mark.skipif(
    not FILE.exists(),
    reason="PAYBILL_SHARED names no folder with data/billing/scenarios.json",
)
@pytest.mark.parametrize("case", known(), ids=title)
def test_a_scenario_comes_out_as_it_is_told(
    case: dict[str, Any], account: Account, operator: Actor
) -> None:
    section = title(case)
    told = [catalogues.corrected(section, step) for step in case["input"]["steps"]]
    results = json.loads(
        catalogues.corrected(section, json.dumps(case["expected"]["results"]))
    )
    plan = [list(steps.read(text)) for text in told]
    world = begin(section, case["input"]["setup"], plan, account, operator)
    wrong = [
        f"{text}: {problem}"
        for text, doing, result in zip(told, plan, results, strict=True)
        for problem in played(world, doing, result)
    ]
    assert wrong == []


def begin(
    section: str,
    setup: list[list[str]] | None,
    plan: list[list[Do]],
    account: Account,
    operator: Actor,
) -> World:
    """The world before the first step, with the catalogue on sale."""
    days = [doing.day for step in plan for doing in step if doing.day]
    begins = min(days, default=datetime(2021, 9, 1, tzinfo=UTC))
    catalogue = setups.catalogue(section, setup)
    world = World(account, operator, catalogue, begins)
    world.meters()
    setups.sell(world, setup)
    return world


def played(world: World, doing: list[Do], expected: dict[str, Any]) -> list[str]:
    """Do a step, and say what is not as it was expected."""
    seen, refusal = None, ""
    for each in doing:
        if each.verb == "dry run" and each.day:
            seen = world.dry_run(each.day)
            continue
        try:
            do(world, each)
        except PaybillError as error:
            refusal = error.detail
        seen = world.invoiced()
    return expecting.check(expected, seen, refusal)


def do(world: World, each: Do) -> None:
    """One thing, at its own time."""
    day = each.day or world.now
    later = day if each.later else None
    number = each.number or Decimal(0)
    verbs: dict[str, Callable[[], None]] = {
        "account": lambda: world.reckon(int(number) or None),
        "subscribe": lambda: world.subscribe(each.plan, later),
        "addon": lambda: world.add(each.plan, later),
        "usage": lambda: world.use(number, each.plan, day),
        "change": lambda: world.change(each.plan),
        "cancel": world.cancel,
        "cancel addon": world.cancel_addon,
    }
    if each.verb != "usage" and not each.later:
        world.move(day)
    verbs.get(each.verb, lambda: None)()
