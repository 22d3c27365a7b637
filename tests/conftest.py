"""What every test can ask for."""

from __future__ import annotations

import pytest
from tests.database import (  # noqa: F401
    committed,
    control,
    django_db_setup,
    in_a,
    release_services,
    tenant_a,
    tenant_b,
)


def pytest_unconfigure(config: pytest.Config) -> None:
    release_services(config)
