"""``rotate_keys``: every sealed value of a plane, and only those that need it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from paybill_site.kernel.crypto import Unreadable
from paybill_site.kernel.management.commands import rotate_keys
from paybill_site.kernel.planes import Place
from tenants.models import Placement
from tests.kernel.test_crypto import keys, new_key  # noqa: F401


def make(count: int) -> None:
    for number in range(count):
        Placement.objects.create(
            kind="bridge", schema_name=f"s{number}", alias="b", dsn=f"secret {number}"
        )


FIELD: Any = Placement._meta.get_field("dsn")


def test_values_are_wrapped_in_batches_and_only_once(
    control: Place,
    keys: list[str],  # noqa: F811
) -> None:
    make(5)
    count = Placement.objects.count()
    assert FIELD in list(rotate_keys.sealed_fields("public"))
    assert rotate_keys.rewrap_column(FIELD) == (0, [])
    keys.insert(0, new_key())
    assert rotate_keys.rewrap_column(FIELD, batch=2) == (count, [])
    assert rotate_keys.rewrap_column(FIELD, batch=2) == (0, [])
    del keys[1:]
    made = Placement.objects.filter(alias="b").order_by("id")
    assert [str(p.dsn) for p in made] == [f"secret {n}" for n in range(5)]


def test_a_value_under_a_lost_key_is_named_and_the_others_are_done(
    control: Place,
    keys: list[str],  # noqa: F811
) -> None:
    lost = list(Placement.objects.order_by("id").values_list("pk", flat=True))
    keys[:] = [new_key()]
    make(2)
    keys.insert(0, new_key())
    assert rotate_keys.rewrap_column(FIELD) == (2, lost)


def test_the_command_visits_all_planes(
    control: Place,
    keys: list[str],  # noqa: F811
) -> None:
    keys.insert(0, new_key())
    said = StringIO()
    call_command("rotate_keys", stdout=said)
    assert f"{Placement.objects.count()} values are now" in said.getvalue()
    keys[:] = [new_key()]
    errors = StringIO()
    with pytest.raises((CommandError, Unreadable)):
        call_command("rotate_keys", stdout=StringIO(), stderr=errors)
