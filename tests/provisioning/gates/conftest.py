"""People who approve, and plans that wait for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from paybill_site.accounts.models import User
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import Place
from provisioning import gates
from provisioning.models import Deployment, PlanFile, Run, RunRules
from provisioning.states import RunState
from tests.cast import acting, make_user
from tests.provisioning.conftest import queue
from tests.provisioning.gates.fragments import plan, resource

SHOWN = {"plan_sha256": "a1" * 32, "plan_digest": "b2" * 32}

type Wait = Callable[..., Run]


@pytest.fixture
def second_user(control: Place) -> User:
    return make_user("otto", is_staff=True, is_superuser=True)


@pytest.fixture
def second(second_user: User) -> Actor:
    """The other operator: four eyes need two people."""
    return acting(second_user)


@pytest.fixture
def rules(control: Place) -> RunRules:
    return RunRules.objects.first() or RunRules.objects.create()


@pytest.fixture
def wait(deployment: Deployment) -> Wait:
    """``wait(by=actor)`` brings a run to where its plan waits for a person."""

    def bring(by: Actor | None = None, shown: dict[str, Any] | None = None) -> Run:
        run = queue(deployment, needs_confirmation=True)
        change = plan(resource("terraform_data.main", {"input": "x"}))
        gates.keep(run, gates.judge(run, shown or change))
        PlanFile.objects.create(run=run, content=b"plan")
        run.requested_by = by.id if by else ""
        run.state = RunState.WAITING
        run.plan_sha256, run.plan_digest = SHOWN.values()
        run.changes = {"add": 1, "change": 0, "destroy": 0, "total": 1}
        run.save()
        return run

    return bring
