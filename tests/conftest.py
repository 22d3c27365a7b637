"""What every test can ask for."""

from __future__ import annotations

import pytest

from tests import services
from tests.cast import (  # noqa: F401
    account,
    agent,
    fresh_limits,
    live_tenant,
    log_in,
    operator,
    operator_user,
    outsider,
    outsider_user,
    owner,
    owner_user,
    teammate,
    teammate_user,
    tenant,
)
from tests.database import (  # noqa: F401
    committed,
    compiling,
    control,
    django_db_setup,
    in_a,
    tenant_a,
    tenant_b,
)

LONGEST_ID = 60


@pytest.hookimpl(tryfirst=True)  # before the parallel processes are told the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that compile planes would wait for each other: one process has them all."""
    # What takes longest begins first, so that no process ends long after the others.
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)
    for item in items:
        if "compiling" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("compiling"))


def pytest_unconfigure(config: pytest.Config) -> None:
    services.release(config)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long values are called by their argument.

    Tokens and keys are new in each process, and processes that share the tests have to
    call them alike.
    """
    long = isinstance(val, str | bytes) and len(val) > LONGEST_ID
    return f"long_{argname}" if long else None
