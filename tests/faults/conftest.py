"""Real parts to build with, as the tests of provisioning have them."""

from __future__ import annotations

from tests.provisioning.conftest import (  # noqa: F401
    alone,
    deployment,
    entitle,
    hcl,
    machine,
    slow,
    unfilled,
    web,
)
