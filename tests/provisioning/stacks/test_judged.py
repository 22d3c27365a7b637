"""What the built-in policies say of the stacks that ship, from their real plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioning.gates import builtin, costs
from provisioning.gates.context import BALANCERS, Context
from provisioning.gates.reading import changes, references
from provisioning.gates.verdict import Finding
from provisioning.models import CloudAccount
from tests.provisioning.stacks.conftest import Lay
from tests.provisioning.stacks.inputs import KINDS, SIMULATED
from tests.provisioning.stacks.laying import Laid
from tests.provisioning.stacks.test_aws import account, lay_out

__all__ = ["account"]  # a fixture

SIZES = ("small", "medium", "large")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("aws")]


def context(laid: Laid, plan: dict[str, Any], **facts: Any) -> Context:
    cloud, kind = laid.name.split("/")
    given = laid.inputs
    asked = {
        "cloud": cloud,
        "kind": kind,
        "operation": "apply",
        "deployment": given["deployment"],
        "tenant": given["tenant"],
        "region": given["region"],
        "size": given["size"],
        "entitled_region": given["region"],
        "entitled_size": given["size"],
        "account_regions": (given["region"],),
        "front": frozenset(references(plan, BALANCERS)),
        "plan": plan,
        **facts,
    }
    return Context(**asked)


def judged(laid: Laid, plan: dict[str, Any], **facts: Any) -> list[Finding]:
    """What every policy finds, but for notes."""
    about, rows = context(laid, plan, **facts), changes(plan)
    found = [one for policy in builtin.POLICIES for one in policy.ask(rows, about)]
    return [one for one in found if one.level != "note"]


def check(laid: Laid) -> None:
    """Each size is what it says it is, and all of it has a price or a reason."""
    laid.terraform("init")
    for size in SIZES:
        laid.give(size=size)
        plan = laid.plan()
        assert judged(laid, plan) == [], size
    too_large = judged(laid, plan, entitled_size="small")
    assert any(one.level == "refuse" and one.address for one in too_large)
    cost = costs.estimate(changes(plan), context(laid, plan))
    assert cost["after"] > 10_00
    unknown = [o for o in cost["unpriced"] if "not in the table" in o["why"]]
    assert unknown == []


@pytest.mark.parametrize(
    "name", [f"{cloud}/{kind}" for cloud in SIMULATED for kind in KINDS]
)
def test_the_stacks_of_four_clouds_pass(lay: Lay, name: str) -> None:
    check(lay(name))


@pytest.mark.parametrize("kind", KINDS)
def test_the_stacks_of_aws_pass(
    tmp_path: Path, account: CloudAccount, kind: str
) -> None:
    check(lay_out(tmp_path / kind, account, kind))
