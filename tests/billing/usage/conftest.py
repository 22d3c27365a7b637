"""The clock of these tests stands a little after ``NOON``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing import clock
from paybill_site.kernel.planes import Place
from tests.billing.usage.desk import NOON


@pytest.fixture(autouse=True)
def afternoon(control: Place) -> Iterator[None]:
    with clock.at(NOON + timedelta(hours=3)):
        yield
