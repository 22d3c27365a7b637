"""What a service is handed: the same at each run, known to nobody else, and enough."""

from __future__ import annotations

import json
import re

import pytest

from paybill_site.container import handover as container
from provisioning import handover
from provisioning.models import Deployment, Run
from provisioning.runner.lease import Heartbeat
from provisioning.runner.phases import stage
from provisioning.states import Operation, Phase
from tests.provisioning.conftest import Entitle, queue

SECRET = ("secret_key", "data_keys", "audit_key", "database_password")


@pytest.fixture
def run(entitle: Entitle) -> Run:
    return queue(entitle("silo"))


def test_a_container_can_start_from_what_paybill_hands_over(run: Run) -> None:
    handed = handover.contents(run)
    made = container.environment(
        {
            "PAYBILL_HANDOVER": json.dumps(handed),
            "PAYBILL_DATABASE_HOST": "db.internal",
        }
    )
    assert made["PAYBILL_AUDIT_KEY"] == handed["audit_key"]
    assert handed["database_password"] in made["PAYBILL_SUPERUSER_URL"]
    assert not any(name.startswith("PAYBILL_LICENCE_KEY") for name in made)


def test_every_run_hands_over_the_same_keys(run: Run) -> None:
    first, again = handover.contents(run), handover.contents(run)
    assert [first[name] for name in SECRET] == [again[name] for name in SECRET]


@pytest.mark.parametrize("operation", Operation)
def test_only_what_may_set_something_is_handed_anything(
    run: Run, operation: Operation
) -> None:
    run.operation = operation
    expected = operation in {Operation.APPLY, Operation.UNPROTECT}
    beat = Heartbeat(run)
    for phase in Phase.PLAN, Phase.APPLY:
        with stage(run, phase, "token", beat) as at:
            handed = json.loads(at.handed["TF_VAR_handover"])
            assert ("licence" in handed, bool(handed)) == (expected, expected)
    with stage(run, Phase.PREPARE, "token", beat) as at:
        assert not at.handed


def test_another_deployment_gets_other_keys(entitle: Entitle) -> None:
    one, two = (queue(entitle("silo", slug)) for slug in ("acme", "bolt"))
    mine, theirs = handover.contents(one), handover.contents(two)
    assert all(mine[name] != theirs[name] for name in SECRET)


def test_every_cloud_takes_the_password_of_the_first_log_in(run: Run) -> None:
    password = handover.contents(run)["database_password"]
    assert 15 <= len(password) <= 32
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", password)
    assert all(re.search(kind, password) for kind in ("[A-Z]", "[a-z]", "[0-9]", "_"))


def test_a_bridge_is_handed_its_password_alone(entitle: Entitle) -> None:
    run = queue(entitle("bridge"))
    assert set(handover.contents(run)) == {"database_password"}


def test_the_seed_stands_nowhere_in_the_clear(run: Run) -> None:
    seed = run.deployment.seed
    rows = Deployment.objects.values_list("outputs", "drift", "window", "report_key")
    assert seed not in json.dumps([*rows, run.inputs], default=str)
