"""The shop of the agents' tests, for its own stories."""

from __future__ import annotations

from tests.agents.conftest import (  # noqa: F401
    licensed,
    orders,
    shopkeeper,
)
