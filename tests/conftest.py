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


def pytest_unconfigure(config: pytest.Config) -> None:
    services.release(config)
