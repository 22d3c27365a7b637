"""``./paybill audit_verify`` walks every plane and says where something was altered."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from paybill_site.kernel.planes import CONTROL, Place, plane
from tests.kernel.test_audit import without_guard, write


@pytest.fixture
def written(committed: None, tenant_a: Place, tenant_b: Place) -> None:
    for place in (CONTROL, tenant_a, tenant_b):
        with plane(place):
            write(text="one")
            write(text="two")


def test_untouched_trails_verify(written: None) -> None:
    out = io.StringIO()
    call_command("audit_verify", stdout=out)
    assert "6 entries in 3 chains: all verified" in out.getvalue()


def test_a_row_altered_in_one_tenants_plane_is_named(
    written: None, tenant_b: Place
) -> None:
    with without_guard(tenant_b.schema) as tamper:
        tamper("UPDATE {e} SET actor = 'somebody else' WHERE seq = 2")
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 findings in 6 entries"):
        call_command("audit_verify", stdout=io.StringIO(), stderr=err)
    (line,) = err.getvalue().strip().splitlines()
    assert line.startswith(f"{tenant_b} c #2: ")
